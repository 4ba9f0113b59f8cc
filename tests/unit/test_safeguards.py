import pytest

from project.safeguards import is_loopback


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8001",
        "http://127.9.9.9",
        "https://localhost/relatient",
        "https://LOCALHOST.",
        "http://vendor.localhost",
        "http://[::1]:8001",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "localhost:8001",
    ],
)
def test_an_address_on_this_machine_is_recognised(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["", "https://api.example.com", "https://localhost.example.com", "https://10.0.0.1"]
)
def test_other_addresses_are_not_taken_for_this_machine(address: str) -> None:
    assert not is_loopback(address)
