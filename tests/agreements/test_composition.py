"""Several agreements at once: the strictest wins, and obligations add up."""

from tests.agreements.written import AT, agreement_with, asked, signal

from tocsin.agreements.rules.decision import Decision, Result

POLICY = {"attribution": "may"}


def test_without_any_agreement_nothing_leaves() -> None:
    from tocsin.agreements.rules.decision import Subject, decide

    assert decide(Subject.of(signal()), "harbour", "beacon", (), AT) == Decision(Result.DENY, ("agreements",))


def test_the_strictest_result_wins_and_its_clauses_alone_are_named() -> None:
    usual, suspended = agreement_with(), agreement_with(status="suspended")
    narrow = agreement_with(categories__signals__directions=["beacon>harbour"])
    holding = agreement_with(third_party={"default": "hold", "originator_exclusions": "honour"})
    assert asked(signal(), "harbour>beacon", AT, None, usual, suspended).clauses == ("status",)
    assert asked(signal(), "harbour>beacon", AT, None, suspended, narrow).clauses == (
        "categories.signals.directions",
        "status",
    )
    strange = signal(originator="stranger", tlp="CLEAR")
    assert asked(strange, "harbour>beacon", AT, None, usual, holding) == Decision(Result.HOLD, ("third_party.default",))
    both = asked(
        signal(text="someone@victim.example"),
        "harbour>beacon",
        AT,
        None,
        usual,
        agreement_with(personal_data__detectors=["cnic"]),
    )
    assert both.result is Result.TRANSFORM
    assert both.clauses == ("personal_data.outbound:email_local_part",)


def test_obligations_are_joined() -> None:
    first = agreement_with(categories__signals__retention_days="50", transport__encrypt_at_or_above="GREEN")
    second = agreement_with(categories__signals__onward__customers={"tlp_max": "GREEN", "delay_hours": "72"})
    decision = asked(signal(originator="harbour"), "beacon>customers", AT, None, first, second)
    assert decision.obligations == ("delay 72h", "encrypt", "delete_after 50d")


def test_every_credit_line_is_due_and_the_order_of_agreements_changes_nothing() -> None:
    first = agreement_with(provider_credit={"line": "With {originator}", "only_if_iep": ["may"]})
    second = agreement_with(provider_credit={"line": "By {originator}", "only_if_iep": ["may"]})
    subject = signal(originator="quay", iep=POLICY)
    one = asked(subject, "harbour>beacon", AT, None, first, second)
    assert one == asked(subject, "harbour>beacon", AT, None, second, first)
    assert one.obligations == ("delete_after 200d", "credit By Quay Exchange", "credit With Quay Exchange")


def test_redactions_of_several_agreements_are_named_once_in_alphabetical_order() -> None:
    first = agreement_with(personal_data__detectors=["pk_mobile", "cnic"])
    second = agreement_with(personal_data__detectors=["email_local_part", "cnic"])
    decision = asked(
        signal(personal_data=["cnic", "pk_mobile", "email_local_part"]), "harbour>beacon", AT, None, first, second
    )
    assert decision.obligations[:3] == ("redact cnic", "redact email_local_part", "redact pk_mobile")
    alone = asked(signal(personal_data=["cnic", "pk_mobile"]), "harbour>beacon", AT, None, first)
    assert alone.obligations[:2] == ("redact pk_mobile", "redact cnic")


def test_an_own_circle_under_one_agreement_does_not_excuse_from_another() -> None:
    elsewhere = agreement_with(communities__customers__of="quay")
    decision = asked(signal(), "beacon>customers", AT, None, agreement_with(), elsewhere)
    assert decision.result is Result.ALLOW
    assert "delay 48h" in decision.obligations
