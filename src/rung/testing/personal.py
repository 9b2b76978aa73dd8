"""Made-up personal data in the ways that people write it, to measure how much of it a search finds."""

from collections.abc import Callable

import numpy as np

from rung.core.rng import generator

NAMES = ("ann", "joão", "li.wei", "o'brien", "m_smith", "x99")
HOSTS = ("example.org", "mail.example.co.uk", "example-site.io", "uni.example.edu")
AROUND = ("{}", "please write to {} soon", "({})", "Contact:{}.", "my number is {}, thanks", '"{}"', "id={};")
Draw = np.random.Generator


def made_up(kind: str, count: int, *, seed: int = 0) -> list[tuple[str, str]]:
    """`count` sentences that each hold one piece of personal data of a kind, and that piece; see KINDS.

    Hard forms are among them: obfuscated addresses, numbers without a separator, ids without their check letter.

    >>> made_up("card", 1)[0][1].replace(" ", "").replace("-", "").isdigit()
    True
    """
    draw = generator(seed, "personal", kind)
    pieces = [KINDS[kind](draw) for _ in range(count)]
    return [(str(draw.choice(AROUND)).format(piece), piece) for piece in pieces]


def harmless(count: int, *, seed: int = 0) -> list[str]:
    """`count` sentences with numbers and signs that are no personal data: dates, prices, versions, sizes, handles."""
    draw = generator(seed, "harmless")
    forms: tuple[Callable[[], str], ...] = (
        lambda: (
            f"20{draw.integers(10, 26)}-{draw.integers(1, 13):02}-{draw.integers(1, 29):02} {draw.integers(10, 24)}:30"
        ),
        lambda: f"costs {draw.integers(1, 10**6):,}.{draw.integers(10, 99)} euros",
        lambda: f"version {draw.integers(1, 9)}.{draw.integers(0, 40)}.{draw.integers(0, 99)}",
        lambda: f"order {draw.integers(10**6, 10**8)} of {draw.integers(2, 999)} parts",
        lambda: f"pi is about 3.{draw.integers(10**14, 10**15)}",
        lambda: f"@user{draw.integers(1, 999)} said {draw.integers(1, 99)} of {draw.integers(100, 999)}",
        lambda: f"{draw.integers(100, 999)} {draw.integers(100, 999)} {draw.integers(10, 99)} people, 10:15 to 11:45",
        lambda: f"ratio 1:{draw.integers(2, 99)}, size {draw.integers(10, 99)}x{draw.integers(10, 99)}",
        lambda: f"ISBN 978-0-{draw.integers(100, 999)}-{draw.integers(10000, 99999)}-{draw.integers(0, 9)}",
    )
    return [forms[i % len(forms)]() for i in range(count)]


def _email(draw: Draw) -> str:
    name, host = str(draw.choice(NAMES)), str(draw.choice(HOSTS))
    return f"{name} at {host.replace('.', ' dot ')}" if draw.random() < 0.1 else f"{name}{draw.integers(99)}@{host}"


def _phone(draw: Draw) -> str:
    def four() -> int:
        return int(draw.integers(1000, 9999))

    def three() -> int:
        return int(draw.integers(234, 999))

    forms = (
        f"+44 20 {four()} {four()}",
        f"+1-{three()}-555-{four()}",
        f"({three()}) 555-{four()}",
        f"{three()}.555.{four()}",
        f"0{draw.integers(7000, 7999)} {three()}{three()}",
        f"08{draw.integers(10**8, 10**9)}",
        f"+49 (0) 30 {three()}{three()}{draw.integers(10, 99)}",
        f"0033 6 {' '.join(str(draw.integers(10, 99)) for _ in range(4))}",
        f"+81{draw.integers(10**9, 10**10)}",
        f"{three()}555{four()}",
    )
    return str(draw.choice(forms))


def _checked(body: str) -> str:
    doubled = [int(d) * (2 - place % 2) for place, d in enumerate(reversed(body))]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return body + str(-total % 10)


def _card(draw: Draw) -> str:
    first, length = [("4", 16), ("51", 16), ("34", 15), ("6011", 16)][draw.integers(4)]
    digits = _checked((first + "".join(str(draw.integers(10)) for _ in range(length)))[: length - 1])
    fours = [digits[i : i + 4] for i in range(0, len(digits), 4)]
    return str(draw.choice([digits, " ".join(fours), "-".join(fours)]))


def _iban(draw: Draw) -> str:
    country, length = [("DE", 18), ("FR", 23), ("GB", 18), ("NL", 14)][draw.integers(4)]
    body = "".join(str(draw.integers(10)) for _ in range(length))
    if country in ("GB", "NL"):
        body = "ABCD" + body[4:]
    number = "".join(str(int(each, 36)) for each in body + country + "00")
    whole = f"{country}{98 - int(number) % 97:02}{body}"
    fours = [whole[i : i + 4] for i in range(0, len(whole), 4)]
    return str(draw.choice([whole, " ".join(fours)]))


def _ip(draw: Draw) -> str:
    four = ".".join(str(draw.integers(1, 255)) for _ in range(4))
    six = ":".join(f"{draw.integers(1, 65535):x}" for _ in range(8))
    return str(draw.choice([four, four, six, f"2001:db8::{draw.integers(1, 65535):x}"]))


def _national(draw: Draw) -> str:
    number = int(draw.integers(10**7, 10**8))
    birth = f"{draw.integers(1, 3)}{draw.integers(10, 99)}{draw.integers(10, 13)}{draw.integers(10, 95)}"
    birth += f"{draw.integers(100, 999)}{draw.integers(100, 999)}"
    forms = (
        f"{draw.integers(100, 665)}-{draw.integers(10, 99)}-{draw.integers(1000, 9999)}",
        f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}",
        f"AB {draw.integers(10, 99)} {draw.integers(10, 99)} {draw.integers(10, 99)} C",
        f"{birth}{97 - int(birth) % 97:02}",
        f"{draw.integers(100, 665)}{draw.integers(10, 99)}{draw.integers(1000, 9999)}",
    )
    return str(draw.choice(forms))


KINDS: dict[str, Callable[[Draw], str]] = {
    "e-mail": _email,
    "phone": _phone,
    "card": _card,
    "IBAN": _iban,
    "IP address": _ip,
    "national id": _national,
}
