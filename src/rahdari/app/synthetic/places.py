"""Districts of Pakistan and cities of its diaspora, in both scripts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A first-level division: ISO 3166-2 code, and the first digit of the numbers registered there."""

    code: str
    name_en: str
    name_ur: str
    first_digit: int
    districts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Abroad:
    """A country of stay: ISO 3166-1 alpha-3 code and one of its cities."""

    code: str
    name_en: str
    name_ur: str
    city_en: str
    city_ur: str


# The digits are those that python-stdnum's stdnum.pk.cnic knows, and 8, which it does not list.
AZAD_KASHMIR = Region(
    "PK-JK",
    "Azad Jammu and Kashmir",
    "آزاد جموں و کشمیر",
    8,
    (("Muzaffarabad", "مظفر آباد"), ("Mirpur", "میرپور"), ("Kotli", "کوٹلی"), ("Rawalakot", "راولا کوٹ")),
)
REGIONS = (
    Region(
        "PK-PB",
        "Punjab",
        "پنجاب",
        3,
        (
            ("Lahore", "لاہور"),
            ("Rawalpindi", "راولپنڈی"),
            ("Multan", "ملتان"),
            ("Faisalabad", "فیصل آباد"),
            ("Sialkot", "سیالکوٹ"),
            ("Bahawalpur", "بہاولپور"),
            ("Sargodha", "سرگودھا"),
        ),
    ),
    Region(
        "PK-SD",
        "Sindh",
        "سندھ",
        4,
        (("Karachi", "کراچی"), ("Hyderabad", "حیدر آباد"), ("Sukkur", "سکھر"), ("Larkana", "لاڑکانہ")),
    ),
    Region(
        "PK-KP",
        "Khyber Pakhtunkhwa",
        "خیبر پختونخوا",
        1,
        (("Peshawar", "پشاور"), ("Abbottabad", "ایبٹ آباد"), ("Mardan", "مردان"), ("Swat", "سوات")),
    ),
    Region(
        "PK-BA",
        "Balochistan",
        "بلوچستان",
        5,
        (("Quetta", "کوئٹہ"), ("Gwadar", "گوادر"), ("Khuzdar", "خضدار"), ("Kech", "کیچ")),
    ),
    Region("PK-IS", "Capital Territory", "وفاقی دارالحکومت", 6, (("Islamabad", "اسلام آباد"),)),
    Region("PK-GB", "Gilgit-Baltistan", "گلگت بلتستان", 7, (("Gilgit", "گلگت"), ("Skardu", "سکردو"))),
    AZAD_KASHMIR,
)
ABROAD = (
    Abroad("GBR", "United Kingdom", "برطانیہ", "London", "لندن"),
    Abroad("ARE", "United Arab Emirates", "متحدہ عرب امارات", "Dubai", "دبئی"),
    Abroad("SAU", "Saudi Arabia", "سعودی عرب", "Riyadh", "ریاض"),
    Abroad("USA", "United States", "ریاستہائے متحدہ امریکہ", "Houston", "ہیوسٹن"),
    Abroad("CAN", "Canada", "کینیڈا", "Toronto", "ٹورنٹو"),
    Abroad("DEU", "Germany", "جرمنی", "Berlin", "برلن"),
    Abroad("AUS", "Australia", "آسٹریلیا", "Sydney", "سڈنی"),
    Abroad("CHN", "China", "چین", "Guangzhou", "گوانگژو"),
)
