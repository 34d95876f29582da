//! Clean texts in other languages: their letters look like many of a code's symbols, but only those that follow each other make one.

use super::draw::Draw;
use crate::smuggling::Searched;

/// The codes that each text is searched for.
const CODES: usize = 500;

const TEXTS: [&str; 9] = [
    "Здравствуйте! Направляем Вам счёт № 2026-0815 от 17.05.2026 на сумму 384,29 €. \
     Просим перечислить деньги в течение 30 дней; при оплате укажите номер счёта. \
     Если у Вас есть вопросы, звоните нам с понедельника по четверг с 8 до 12 часов. \
     Наш адрес: Штутгарт, Шиллерштрассе 27, второй этаж, кабинет 3. С уважением",
    "ВНИМАНИЕ! НАШ КАБИНЕТ ЗАКРЫТ С ПЕРВОГО ПО ПЯТНАДЦАТОЕ АВГУСТА. В СРОЧНЫХ СЛУЧАЯХ \
     ЗВОНИТЕ В СКОРУЮ ПОМОЩЬ. НОВЫЕ ЧАСЫ ПРИЁМА СМОТРИТЕ НА НАШЕЙ СТРАНИЦЕ.",
    "Доброго дня! Надсилаємо Вам рахунок № 4711. Будь ласка, сплатіть його протягом \
     чотирнадцяти днів і вкажіть номер рахунку. Якщо Ви маєте запитання, телефонуйте нам \
     щодня з 8 до 16 години, крім середи та п'ятниці. З повагою, Ваша лікарня",
    "Καλημέρα σας, σας στέλνουμε το τιμολόγιο με αριθμό 2026-0815 για το ποσό των 384,29 €. \
     Παρακαλούμε να το εξοφλήσετε μέσα σε 30 ημέρες. ΠΡΟΣΟΧΗ: ΤΟ ΙΑΤΡΕΙΟ ΜΑΣ ΘΑ ΕΙΝΑΙ \
     ΚΛΕΙΣΤΟ ΑΠΟ ΤΗΝ ΠΡΩΤΗ ΜΕΧΡΙ ΤΗ ΔΕΚΑΤΗ ΠΕΜΠΤΗ ΑΥΓΟΥΣΤΟΥ. Με εκτίμηση",
    "Sayın Çağla Yıldız, 384,29 € tutarındaki faturanızı ekte bulabilirsiniz. Lütfen \
     ödemeyi 30 gün içinde yapınız. Sorularınız için pazartesiden perşembeye kadar bizi \
     arayabilirsiniz. Saygılarımızla, muayenehaneniz",
    "Szanowna Pani, przesyłamy fakturę nr 2026/0815 z dnia 17.05.2026 na kwotę 384,29 €. \
     Prosimy o wpłatę w ciągu trzydziestu dni. W razie pytań prosimy o kontakt od \
     poniedziałku do czwartku. Z wyrazami szacunku",
    "Kính gửi ông Nguyễn Văn Bình, chúng tôi gửi kèm hóa đơn số 2026-0815 ngày 17.05.2026 \
     với số tiền 384,29 €. Xin vui lòng thanh toán trong vòng ba mươi ngày. Trân trọng",
    "السلام عليكم، نرسل إليكم الفاتورة رقم ٢٠٢٦-٠٨١٥ بتاريخ ١٧/٠٥/٢٠٢٦ بمبلغ ٣٨٤٫٢٩ يورو. \
     يرجى الدفع خلال ٣٠ يومًا. للاستفسار اتصلوا بنا على الرقم ٠٦٢١ ٤٥٩٨٧٣. مع أطيب التحيات",
    "Dear Ms Smith, please find attached our invoice no. 2026-0815 dated 17 May 2026 for \
     384.29 euros. Kindly pay within thirty days, quoting BSNR 594832716. If you have any \
     questions, call us on weekdays from 8 to 12. Yours sincerely",
];

#[test]
fn d1_other_languages_give_no_false_alarm() {
    let mut draw = Draw::new(8);
    for text in TEXTS {
        // Ten times as long: the longer a text, the more it holds of what need not be together.
        let text = text.repeat(10);
        let searched = Searched::of([text.as_str()]);
        for _ in 0..CODES {
            let code = draw.code();
            assert!(!searched.d1_holds(&code), "{}: {text}", code.shown());
        }
    }
}
