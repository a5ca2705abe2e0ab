"""Names of fields that mean something else to senders."""

from aggregator.intake.foreign_names import own_name


def test_a_senders_uid_is_no_uid_of_ours_and_other_names_stay() -> None:
    assert [own_name(name) for name in ("uid", "user", "sent_uid", "")] == [
        "sent_uid",
        "user",
        "sent_uid",
        "",
    ]
