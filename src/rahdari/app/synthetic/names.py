"""Common names of Pakistan, each in Latin and in Urdu letters."""


def _pairs(lines: str) -> tuple[tuple[str, str], ...]:
    """Read ``Latin:Urdu`` pairs separated by commas."""
    split = (pair.strip().partition(":") for pair in lines.split(","))
    return tuple((latin, urdu) for latin, _, urdu in split)


MEN = _pairs(
    "Ahmed:احمد, Ali:علی, Hassan:حسن, Hussain:حسین, Usman:عثمان, Umar:عمر, Bilal:بلال, Hamza:حمزہ, "
    "Imran:عمران, Kamran:کامران, Faisal:فیصل, Tariq:طارق, Khalid:خالد, Saeed:سعید, Rashid:راشد, "
    "Nadeem:ندیم, Naveed:نوید, Waqas:وقاص, Zubair:زبیر, Yasir:یاسر, Asad:اسد, Adnan:عدنان, "
    "Salman:سلمان, Shahid:شاہد, Junaid:جنید, Iqbal:اقبال, Arif:عارف, Aslam:اسلم, Akram:اکرم, "
    "Javed:جاوید, Rizwan:رضوان, Sajid:ساجد, Tahir:طاہر, Zahid:زاہد, Haris:حارث, Daniyal:دانیال, "
    "Ibrahim:ابراہیم, Ismail:اسماعیل, Yusuf:یوسف, Nasir:ناصر, Mohsin:محسن, Fahad:فہد, Saad:سعد"
)
WOMEN = _pairs(
    "Ayesha:عائشہ, Fatima:فاطمہ, Zainab:زینب, Maryam:مریم, Khadija:خدیجہ, Amina:آمنہ, Sana:ثنا, "
    "Hina:حنا, Nadia:نادیہ, Saima:صائمہ, Rabia:رابعہ, Sadia:سعدیہ, Bushra:بشریٰ, Nasreen:نسرین, "
    "Shazia:شازیہ, Rukhsana:رخسانہ, Parveen:پروین, Samina:ثمینہ, Farzana:فرزانہ, Mehwish:مہوش, "
    "Iqra:اقرا, Kiran:کرن, Noor:نور, Asma:اسما, Uzma:عظمیٰ, Tahira:طاہرہ, Yasmin:یاسمین, "
    "Shabnam:شبنم, Naila:نائلہ, Lubna:لبنیٰ, Mahnoor:ماہ نور, Hafsa:حفصہ, Sumaira:سمیرا, Anam:انعم, "
    "Gulnaz:گلناز, Razia:رضیہ, Zubaida:زبیدہ, Nighat:نگہت, Shumaila:شمائلہ, Fauzia:فوزیہ"
)
FAMILIES = _pairs(
    "Khan:خان, Malik:ملک, Butt:بٹ, Chaudhry:چوہدری, Qureshi:قریشی, Siddiqui:صدیقی, Hashmi:ہاشمی, "
    "Abbasi:عباسی, Baloch:بلوچ, Mengal:مینگل, Bhatti:بھٹی, Rajput:راجپوت, Awan:اعوان, Mughal:مغل, "
    "Sheikh:شیخ, Ansari:انصاری, Shah:شاہ, Gilani:گیلانی, Bukhari:بخاری, Mirza:مرزا, Baig:بیگ, "
    "Durrani:درانی, Afridi:آفریدی, Khattak:خٹک, Yousafzai:یوسفزئی, Soomro:سومرو, Memon:میمن, "
    "Jatoi:جتوئی, Rana:رانا, Dar:ڈار, Lodhi:لودھی, Niazi:نیازی, Kiani:کیانی, Janjua:جنجوعہ"
)
