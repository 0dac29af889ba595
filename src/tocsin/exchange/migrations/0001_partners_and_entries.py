"""Partners, what they may collect and give, what was served."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import tocsin.intel.models.fields
import tocsin.vocab.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("intel", "0002_stix_objects"),
    ]

    operations = [
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("party", models.CharField(max_length=120)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("circle", models.CharField(blank=True, max_length=120)),
                ("pseudonym", models.CharField(blank=True, max_length=120)),
                ("is_enabled", models.BooleanField(default=True)),
                ("mark", models.BigIntegerField(default=0)),
                ("added_at", models.DateTimeField(default=tocsin.vocab.clock.now)),
            ],
            options={
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("is_inbox", models.BooleanField(default=False)),
                ("sources", models.JSONField(blank=True, default=list)),
                ("types", models.JSONField(blank=True, default=list)),
                ("last_us", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField(default=tocsin.vocab.clock.now)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="feeds", to="exchange.partner"
                    ),
                ),
            ],
            options={
                "ordering": ["partner", "name"],
            },
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("alias", models.SlugField(blank=True, max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "shape",
                    models.CharField(
                        choices=[
                            ("all", "all objects"),
                            ("indicators", "indicators only"),
                            ("high-confidence", "high confidence (75 and more)"),
                        ],
                        default="all",
                        max_length=20,
                    ),
                ),
                ("made_at", models.DateTimeField(default=tocsin.vocab.clock.now)),
                (
                    "feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="collections", to="exchange.feed"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="collections", to="exchange.partner"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=80, unique=True)),
                ("password_hash", models.CharField(blank=True, max_length=200)),
                ("token_hash", models.CharField(blank=True, max_length=64)),
                ("token_hint", models.CharField(blank=True, max_length=24)),
                ("certificate_fingerprint", models.CharField(blank=True, max_length=64)),
                ("certificate_subject", models.CharField(blank=True, max_length=500)),
                ("is_enabled", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField(default=tocsin.vocab.clock.now)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clients", to="exchange.partner"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(default=tocsin.vocab.clock.now)),
                ("question", models.JSONField(default=dict)),
                ("count", models.PositiveIntegerField()),
                ("first_added_us", models.BigIntegerField()),
                ("last_added_us", models.BigIntegerField()),
                ("first_object", models.BigIntegerField()),
                ("last_object", models.BigIntegerField()),
                ("objects_packed", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("clauses", models.JSONField(default=dict)),
                ("ledger_number", models.BigIntegerField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exchange.client",
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exchange.collection",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="exchange.partner",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipe", models.CharField(max_length=700)),
                ("raw", models.BinaryField()),
                (
                    "object",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="intel.stixobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("closing", "closed, its entries still dated"),
                            ("closed", "closed"),
                            ("open", "open"),
                        ],
                        default="closed",
                        max_length=8,
                    ),
                ),
                ("result", models.CharField(max_length=12)),
                ("delay_us", models.BigIntegerField(default=0)),
                ("days", models.PositiveIntegerField(null=True)),
                ("waits_for_embargo", models.BooleanField(default=False)),
                ("redacted", models.CharField(blank=True, max_length=500)),
                ("circle", models.CharField(blank=True, max_length=120)),
                ("offered_to", models.BigIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="standings", to="exchange.partner"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="intel.policysubject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WriteStatus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(db_index=True, default=tocsin.vocab.clock.now)),
                ("body", models.BinaryField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="statuses", to="exchange.client"
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="exchange.collection",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "write statuses",
            },
        ),
        migrations.CreateModel(
            name="CollectionRight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("can_read", models.BooleanField(default=True)),
                ("can_write", models.BooleanField(default=False)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rights", to="exchange.client"
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rights", to="exchange.collection"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client", "collection"), name="collection_right_once"),
                    models.CheckConstraint(
                        condition=models.Q(("can_read", True), ("can_write", True), _connector="OR"),
                        name="collection_right_is_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date_added_us", models.BigIntegerField(null=True)),
                ("due_us", models.BigIntegerField(null=True)),
                ("offered_us", models.BigIntegerField()),
                ("stix_id", tocsin.intel.models.fields.PlainTextField()),
                ("type", models.CharField(max_length=250)),
                ("version_us", models.BigIntegerField()),
                ("spec_version", models.CharField(max_length=8)),
                ("is_indicator", models.BooleanField()),
                ("is_high_confidence", models.BooleanField()),
                ("is_released", models.BooleanField(default=False)),
                ("ledger_number", models.BigIntegerField(null=True)),
                (
                    "object",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="intel.stixobject",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="intel.policysubject",
                    ),
                ),
                (
                    "feed",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="exchange.feed",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [
                    models.Index(fields=["feed", "type", "date_added_us"], name="entry_type"),
                    models.Index(
                        condition=models.Q(("is_indicator", True)),
                        fields=["feed", "date_added_us"],
                        name="entry_indicator",
                    ),
                    models.Index(
                        condition=models.Q(("is_high_confidence", True)),
                        fields=["feed", "date_added_us"],
                        name="entry_sure",
                    ),
                    models.Index(
                        condition=models.Q(("date_added_us__isnull", True)), fields=["feed", "due_us"], name="entry_due"
                    ),
                    models.Index(fields=["subject", "feed"], name="entry_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("feed", "date_added_us"), name="entry_date_once"),
                    models.UniqueConstraint(fields=("feed", "stix_id", "version_us"), name="entry_once"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.UniqueConstraint(fields=("partner", "name"), name="feed_once"),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("alias", ""), _negated=True),
                fields=("partner", "alias"),
                name="collection_alias_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token_hash", ""), _negated=True),
                fields=("token_hash",),
                name="client_token_hash_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                condition=models.Q(("certificate_fingerprint", ""), _negated=True),
                fields=("certificate_fingerprint",),
                name="client_certificate_fingerprint_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                condition=models.Q(("certificate_subject", ""), _negated=True),
                fields=("certificate_subject",),
                name="client_certificate_subject_once",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["partner", "first_object", "last_object"], name="receipt_objects"),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["partner", "at"], name="receipt_at"),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(fields=("object", "recipe"), name="rendition_once"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                condition=models.Q(("offered_to__isnull", False)),
                fields=["partner", "offered_to"],
                name="standing_owed",
            ),
        ),
        migrations.AddConstraint(
            model_name="standing",
            constraint=models.UniqueConstraint(fields=("partner", "subject"), name="standing_once"),
        ),
    ]
