"""Names that are one, however they were written; and names that are two."""

import pytest

from rahdari.oversight import likeness_of, likeness_of_names

# What the rules of duplicates take for alike (rules/duplicates.py).
ALIKE = 0.86


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Muhammad Hussain", "Mohammed Husain"),
        ("Muhammad Hussain", "Mohd. Hossein"),
        ("Muhammad Ali Khan", "M. Ali Khan"),
        ("Muhammad Ali Khan", "Ali Khan"),
        ("Muhammad Ali Khan", "Khan, Muhammad Ali"),
        ("Ahmed Khan", "AHMAD KHAN"),
        ("Abdul Rehman", "Abdulrehman"),
        ("Abdul Rehman", "Abdul Rahman"),
        ("Yousaf Khan", "Yusuf Khan"),
        ("Ayesha Qureshi", "Aisha Koreshi"),
        ("Fatima Sheikh", "Fatimah Shaikh"),
        ("Usman Chaudhry", "Osman Chowdhury"),
        ("Zulfiqar Siddiqui", "Zulfikar Siddiqi"),
        ("Mr. Tariq Mughal", "Tarik Mughal"),
        ("Nadeém Bùtt", "Nadeem Butt"),
        ("Syed Ali Shah", "Ali Shah"),
    ],
)
def test_latin_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert likeness_of(one, other) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("محمد علی", "محمد علي"),
        ("ملک بلال", "ملك بلال"),
        ("فاطمہ", "فاطمة"),
        ("فاطمہ خان", "فاطمه خان"),
        ("مُحَمَّد عَلی", "محمد علی"),
        ("احمد خان", "أحمد خان"),
        ("عائشہ قریشی", "عایشہ قریشی"),
        ("ماہ\u200cنور", "ماہ نور"),
        ("خـــان علی", "خان علی"),
    ],
)
def test_urdu_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert likeness_of(one, other) >= ALIKE


@pytest.mark.parametrize(
    ("latin", "urdu"),
    [
        ("Ayesha Qureshi", "عائشہ قریشی"),
        ("Bilal Malik", "بلال ملک"),
        ("Abdul Rehman", "عبدالرحمن"),
        ("Shazia Bhatti", "شازیہ بھٹی"),
        ("Imran Yousafzai", "عمران یوسفزئی"),
        ("Muhammad Hussain", "محمد حسین"),
        ("Khadija Ansari", "خدیجہ انصاری"),
        ("Fahad Mughal", "فہد مغل"),
    ],
)
def test_latin_and_urdu_are_compared_by_their_consonants_and_never_quite_the_same(
    latin: str, urdu: str
) -> None:
    assert ALIKE <= likeness_of(latin, urdu) < 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hassan Raza", "Hussain Raza"),
        ("Muhammad Hassan Raza", "Muhammad Hussain Raza"),
        ("Saima Khan", "Samina Khan"),
        ("Asad Khan", "Saad Khan"),
        ("Imran Butt", "Kamran Butt"),
        ("Nadia Awan", "Naila Awan"),
        ("Ali Khan", "Bilal Khan"),
        ("Ali", "Ali Khan"),
        ("Ali Khan", "Ali Raza Khan"),
        ("حسن علی", "حسین علی"),
        ("ثنا خان", "حنا خان"),
        ("王伟", "王芳"),
        ("", "Ali"),
        ("---", "Ali"),
        ("Haji", "Ali"),
        ("Khan", "王伟"),
    ],
)
def test_siblings_and_strangers_are_not_alike(one: str, other: str) -> None:
    assert likeness_of(one, other) < ALIKE


def test_what_this_does_not_see_is_written_down() -> None:
    """Pinyin beside characters, and Urdu Hassan beside Latin Hussain, which has the same consonants."""
    assert likeness_of("王伟", "Wang Wei") == 0
    assert likeness_of("Hussain Raza", "حسن رضا") >= ALIKE


def test_two_names_are_compared_in_the_languages_they_share() -> None:
    brothers = ({"en": "Hassan Raza", "ur": "حسن رضا"}, {"en": "Hussain Raza", "ur": "حسین رضا"})
    assert likeness_of_names(*brothers) < ALIKE
    assert likeness_of_names({"ur": "حسین رضا"}, {"en": "Hussain Raza"}) >= ALIKE
    assert likeness_of_names({"en": "Wang Wei", "zh": "王伟"}, {"zh": "王伟", "ur": "وانگ وی"}) == 1
    assert likeness_of_names({}, {"en": "Ali"}) == 0


def test_a_very_long_name_costs_no_more_than_six_words() -> None:
    endless = " ".join(f"word{number}" for number in range(5000)) + "x" * 100_000
    assert 0 <= likeness_of(endless, endless[::-1]) <= 1
