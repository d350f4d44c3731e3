"""The headers of the web clients' files."""

import pytest

from infra.web.headers import Origins, cache_control, content_security_policy, security_headers

AWS = Origins(storage=("https://media.example",), sign_in=("https://sign-in.example",))


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (each.split() for each in policy.split("; "))}


def test_the_policy_names_storage_and_issuer_and_nobody_else() -> None:
    policy = directives(content_security_policy(AWS))
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", *AWS.storage, *AWS.sign_in]
    assert policy["img-src"] == ["'self'", "blob:", *AWS.storage]
    assert policy["media-src"] == ["'self'", "blob:", *AWS.storage]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert not any("unsafe" in source for sources in policy.values() for source in sources)


def test_an_origin_is_named_once() -> None:
    same = Origins(storage=("http://127.0.0.1:1",), sign_in=("http://127.0.0.1:1",))
    assert directives(content_security_policy(same))["connect-src"] == [
        "'self'",
        "http://127.0.0.1:1",
    ]


def test_only_what_is_served_by_tls_asks_for_it_for_ever() -> None:
    name = "Strict-Transport-Security"
    assert name in security_headers(AWS, https=True)
    assert name not in security_headers(AWS, https=False)


def test_a_page_gets_the_camera_and_the_place_for_itself_alone() -> None:
    policy = security_headers(AWS, https=True)["Permissions-Policy"]
    assert "camera=(self), geolocation=(self)" in policy
    assert "microphone=(self)" in policy


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("assets/report-Bem-uCEJ.js", "public, max-age=31536000, immutable"),
        ("index.html", "no-cache"),
        ("worker.js", "no-cache"),
        ("console/index.html", "no-cache"),
    ],
)
def test_only_a_name_with_a_hash_is_kept_for_ever(path: str, expected: str) -> None:
    assert cache_control(path) == expected
