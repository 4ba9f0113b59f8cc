import threading

import pytest
from django.contrib.auth.models import AnonymousUser

from audit.context import Actor, AuditActorMissing, acting_as, current_actor, during_request
from project.models import User


def test_nobody_acts_by_default() -> None:
    with pytest.raises(AuditActorMissing):
        current_actor()


def test_a_user_acts_under_the_name_they_sign_in_with() -> None:
    with acting_as(user=User(username="dana")):
        assert current_actor() == Actor("user", "dana")


def test_a_process_acts_under_its_own_name() -> None:
    with acting_as(process="sweeper"):
        assert current_actor() == Actor("system", "sweeper")


def test_the_innermost_actor_answers_and_the_outer_one_comes_back() -> None:
    with acting_as(user="dana"):
        with acting_as(process="look"):
            assert current_actor().name == "look"
        assert current_actor().name == "dana"


@pytest.mark.parametrize(
    "nobody",
    [{}, {"user": "a", "process": "b"}, {"user": ""}, {"process": " "}, {"user": AnonymousUser()}],
)
def test_an_actor_must_be_one_and_have_a_name(nobody: dict) -> None:
    with pytest.raises(AuditActorMissing), acting_as(**nobody):
        pass


def test_the_visitor_of_a_request_acts() -> None:
    with during_request(visitor=User(username="dana"), request_id="r", source_ip=None):
        assert current_actor().name == "dana"


def test_an_anonymous_visitor_is_nobody() -> None:
    with (
        during_request(visitor=AnonymousUser(), request_id="r", source_ip=None),
        pytest.raises(AuditActorMissing),
    ):
        current_actor()


def test_a_new_thread_inherits_no_actor() -> None:
    seen: list[type] = []

    def ask() -> None:
        try:
            current_actor()
        except AuditActorMissing as error:
            seen.append(type(error))

    with acting_as(user="dana"):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert seen == [AuditActorMissing]
