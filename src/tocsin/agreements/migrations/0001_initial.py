"""The tables of the agreements room, and triggers that keep what only grows append-only below Django too."""

import uuid
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_APPENDED = ("agreementrevision", "statuschange", "basis", "ledgerentry", "checkpoint")

_SQLITE = """
CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON agreements_{table}
BEGIN SELECT RAISE(ABORT, 'agreements and the ledger are append-only'); END
"""

_POSTGRESQL_FUNCTION = """
CREATE FUNCTION agreements_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'agreements and the ledger are append-only' USING ERRCODE = 'restrict_violation'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON agreements_{table}
FOR EACH ROW EXECUTE FUNCTION agreements_refuse()
"""


def refuse_changes(_apps: Any, schema_editor: Any) -> None:
    """Triggers in the words of the database at hand."""
    if schema_editor.connection.vendor == "sqlite":
        for table in _APPENDED:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(_SQLITE.format(table=table, verb=verb))
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL_FUNCTION)
        for table in _APPENDED:
            schema_editor.execute(_POSTGRESQL.format(table=table))


def allow_changes(_apps: Any, schema_editor: Any) -> None:
    """The way back."""
    if schema_editor.connection.vendor == "sqlite":
        for table in _APPENDED:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(f"DROP TRIGGER {table}_refuses_{verb}")
    elif schema_editor.connection.vendor == "postgresql":
        for table in _APPENDED:
            schema_editor.execute(f"DROP TRIGGER {table}_refuses_change ON agreements_{table}")
        schema_editor.execute("DROP FUNCTION agreements_refuse()")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Basis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("text", models.TextField()),
            ],
            options={
                "verbose_name_plural": "bases",
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry", models.BigIntegerField(db_index=True)),
                ("hash", models.CharField(max_length=64)),
                ("node", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
            ],
            options={
                "ordering": ["entry", "pk"],
            },
        ),
        migrations.CreateModel(
            name="DeniedSubject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("agreement", models.CharField(db_index=True, max_length=128)),
                ("kind", models.CharField(max_length=12)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AgreementRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("agreement", models.CharField(max_length=128)),
                ("revision", models.PositiveIntegerField()),
                ("status", models.CharField(max_length=12)),
                ("text", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("is_demo", models.BooleanField(default=False)),
                ("imported_at", models.DateTimeField()),
                ("imported_by", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agreement", "revision"), name="agreement_revision_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_index=True)),
                ("kind", models.CharField(max_length=12)),
                ("object_id", models.CharField(max_length=400)),
                ("object_hash", models.CharField(max_length=128)),
                ("engine", models.CharField(max_length=40)),
                ("subject", models.TextField()),
                ("sender", models.CharField(max_length=200)),
                ("recipient", models.CharField(max_length=200)),
                ("exit", models.CharField(max_length=12)),
                ("result", models.CharField(max_length=12)),
                ("clauses", models.TextField()),
                ("obligations", models.TextField()),
                ("actor", models.CharField(max_length=200)),
                ("hold", models.CharField(max_length=36)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "basis",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="agreements.basis",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("object_id", models.CharField(max_length=400)),
                ("object_hash", models.CharField(max_length=128)),
                ("sender", models.CharField(max_length=200)),
                ("recipient", models.CharField(max_length=200)),
                ("exit", models.CharField(max_length=12)),
                ("subject", models.TextField()),
                ("clauses", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("released", "Released"), ("refused", "Refused")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("said", models.TextField(default="{}")),
                (
                    "basis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agreements.basis"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision_entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agreements.ledgerentry",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agreements.ledgerentry"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Approver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=200)),
                ("appointed_at", models.DateTimeField()),
                ("appointed_by", models.CharField(max_length=200)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["role", "person"],
                "constraints": [models.UniqueConstraint(fields=("role", "person"), name="approver_once")],
            },
        ),
        migrations.CreateModel(
            name="DenialTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("denied_on", models.DateField()),
                ("sender", models.CharField(max_length=200)),
                ("recipient", models.CharField(max_length=200)),
                ("exit", models.CharField(max_length=12)),
                ("clauses", models.TextField()),
                ("count", models.BigIntegerField()),
                ("last_at", models.DateTimeField()),
                ("example", models.CharField(max_length=400)),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="agreements.deniedsubject",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "denial tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("denied_on", "subject", "sender", "recipient", "exit", "clauses"),
                        name="denial_tally_once",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["object_id", "number"], name="ledger_object"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["recipient", "number"], name="ledger_recipient"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["basis", "number"], name="ledger_basis"),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(fields=["object_hash", "recipient"], name="hold_object"),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(fields=["state", "id"], name="hold_state"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("object_hash", "sender", "recipient", "exit"),
                name="hold_open_once",
            ),
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
