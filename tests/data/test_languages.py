"""Letters and common words tell a language, and nothing is said where they don't."""
# ruff: noqa: RUF001  # letters of other alphabets are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.data.languages import ALPHABETS, COMMON, written

SAID = {
    "de": "Der Zug hatte wieder eine halbe Stunde Verspätung und ich habe den Termin verpasst, es ist nicht gut.",
    "fr": "Le train avait encore une demi-heure de retard ce matin et j'ai manqué mon rendez-vous chez le médecin.",
    "es": "El tren llegó otra vez con media hora de retraso esta mañana y por eso perdí mi cita con el médico.",
    "it": "Il treno di questa mattina era in ritardo e non è arrivato, per questo ho perso il mio appuntamento.",
    "pt": "O trem atrasou meia hora de novo esta manhã e por isso perdi a minha consulta com um médico. Não é bom.",
    "nl": "De trein had vanochtend weer een half uur vertraging en daarom heb ik mijn afspraak bij de dokter gemist.",
    "sv": "Tåget var en halvtimme försenat i morse igen och därför missade jag mitt läkarbesök, som var viktigt.",
    "pl": "Pociąg znowu spóźnił się dziś rano pół godziny i dlatego nie zdążyłem na wizytę u lekarza, ale jest dobrze.",
    "tr": "Tren bu sabah yine yarım saat gecikti ve bu yüzden doktor randevumu kaçırdım, ama ne kadar çok bekledim.",
    "en": "The train was half an hour late again this morning, and so I missed the appointment with my doctor.",
    "ru": "Сегодня утром поезд снова опоздал на полчаса, и поэтому я пропустил приём у врача.",
    "el": "Το τρένο άργησε πάλι μισή ώρα σήμερα το πρωί και έχασα το ραντεβού μου με τον γιατρό.",
    "zh": "今天早上火车又晚点了半个小时,所以我错过了看医生的预约。",
    "ja": "今朝も電車が三十分遅れたので、医者の予約に間に合いませんでした。",
    "ko": "오늘 아침에도 기차가 삼십 분 늦어서 병원 예약을 놓쳤습니다.",
}


@pytest.mark.parametrize("code", SAID)
def test_a_language_is_told_by_letters_or_by_its_commonest_words(code):
    assert code in written([SAID[code]] * 3).languages


@pytest.mark.parametrize(
    "texts", [[], [""], ["A-17", "B-3"] * 50, ["XR500 Pro black", "TS-12 Ultra silver"] * 50, ["12 34 56"] * 50]
)
def test_codes_names_and_numbers_are_no_language(texts):
    assert written(texts) is None


def test_a_few_foreign_rows_among_english_ones_change_nothing():
    assert written([SAID["en"]] * 9 + [SAID["de"]] * 2 + [SAID["zh"]]).languages == ("en",)


def test_no_list_of_common_words_holds_an_english_one():
    english = set(COMMON["en"].split())
    assert {code: set(words.split()) & english for code, words in COMMON.items() if code != "en"} == {
        code: set() for code in COMMON if code != "en"
    }


@given(st.lists(st.text(max_size=40), max_size=30))
def test_any_text_is_looked_at_without_an_error(texts):
    found = written(texts)
    known = {*COMMON, *(code for codes in ALPHABETS.values() for code in codes.split())}
    assert found is None or set(found.languages) <= known
