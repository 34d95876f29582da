//! D1: forms of letters and digits that neither Unicode's compatibility forms nor the look-alikes of UTS #39 lead back to the plain ones.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Small capitals, letters with strokes, hooks and curls, turned and mirrored ones, letters above others, and those of other scripts that pass for Latin ones in jest.
const FORMS: [(u8, &str); 24] = [
    (b'2', "↊"),
    (b'3', "↋"),
    (b'4', "Чч"),
    (b'7', "ㄥ"),
    (b'B', "ɃʙᵬᶀꞖꞗ𐞄ƄƅЪъ"),
    (b'C', "ȻɕʗᶝↄꜾꜿꞒꞓꞔꟄ𝼏𝼝©\u{368}"),
    (b'D', "ȡᴅᵭᶁᶑꝹꝺꟇꟈ𐞍\u{369}"),
    (b'F', "ℲⅎᶂꜰꝻꝼꟻ"),
    (b'G', "⅁ɢʛᵷᵹꝽꝾꝿꞠꞡꞬꟐꟑꬶ𐞒𐞔𝼁𝼂"),
    (b'H', "ɥʜʮʯᶣꞍꞕꞪ𐞖\u{36a}"),
    (b'J', "ʄᴊ𐞘"),
    (b'K', "ĸʞᴋᶄꝂꝃꝄꝅꞢꞣꞰ𝼃𝼐"),
    (b'L', "⅂⅃ȴȽɬʟᴌᶅᶪᶫⱠⱡⱢꝈꝉꞀꞎꞭꬷꬸꬹꭝ𐞛𐞜𐞝𝼄𝼑𝼓"),
    (b'M', "ƜɯɰᴍᴟᵚᶆᶭⱮꟺꟽꬺ\u{36b}"),
    (b'N', "ȠȵɴᴎᴻᶇᶰꞐꞑꞤꞥꬻИи"),
    (b'P', "ᴘᵱᶈⱣꝐꝑꝒꝓꝔꝕꟼ℗🆊"),
    (b'Q', "ɊɋꝖꝗꝘꝙꞯ"),
    (b'R', "ɹɺɻɾɿʁʴʵʶᴙᴚᵳᶉⱤⱹꞂꞃꞦꞧꭆꭉꭋꭌꭨ𐞦𐞧𐞩𝼈𝼕𝼖Яя®\u{36c}"),
    (b'S', "ȿᶊẜẝⱾꞄꞅꞨꞩꟉꟊ𐞺𝼞"),
    (b'T', "ȶʇᴛꞆꞇꞱ𝼉𝼍\u{36d}"),
    (b'V', "ƲɅʋʌᶌᶹᶺỼỽⱱⱴꝞꝟ𐞰\u{36e}"),
    (b'W', "ʍⱲⱳꟂꟃꭩШшЩщΩωΨψ"),
    (b'X', "ᶍꭖꭗꭘꭙ\u{36f}"),
    (b'Z', "ɀʑᶎᶽⱿꟆ"),
];

/// The first letters of alphabets in signs: negative circled, negative squared, and regional indicators, of which flags are made.
const ALPHABETS: [char; 3] = ['🅐', '🅰', '\u{1f1e6}'];

/// The ones of digits in signs, up to nine: negative circled, circled and negative circled without serifs, double circled.
const ONES: [char; 4] = ['❶', '➀', '➊', '⓵'];

/// The zeros of other scripts' decimal digits, each followed by one to nine.
const ZEROS: &str = "\
    \u{660}\u{6f0}\u{7c0}\u{966}\u{9e6}\u{a66}\u{ae6}\u{b66}\u{be6}\u{c66}\u{ce6}\u{d66}\u{de6}\
    \u{e50}\u{ed0}\u{f20}\u{1040}\u{1090}\u{17e0}\u{1810}\u{1946}\u{19d0}\u{1a80}\u{1a90}\u{1b50}\
    \u{1bb0}\u{1c40}\u{1c50}\u{a620}\u{a8d0}\u{a900}\u{a9d0}\u{a9f0}\u{aa50}\u{abf0}\u{104a0}\
    \u{10d30}\u{10d40}\u{11066}\u{110f0}\u{11136}\u{111d0}\u{112f0}\u{11450}\u{114d0}\u{11650}\
    \u{116c0}\u{116d0}\u{116da}\u{11730}\u{118e0}\u{11950}\u{11bf0}\u{11c50}\u{11d50}\u{11da0}\
    \u{11f50}\u{16130}\u{16a60}\u{16ac0}\u{16b50}\u{16d70}\u{1e140}\u{1e2f0}\u{1e4f0}\u{1e5f1}\
    \u{1e950}";

static TABLE: LazyLock<HashMap<char, u8>> = LazyLock::new(|| {
    let mut table = HashMap::new();
    for (symbol, forms) in FORMS {
        for form in forms.chars() {
            table.insert(form, symbol);
        }
    }
    for first in ALPHABETS {
        table.extend((first..).zip(b'A'..=b'Z'));
    }
    for one in ONES {
        table.extend((one..).zip(b'1'..=b'9'));
    }
    for zero in ZEROS.chars() {
        table.extend((zero..).zip(b'0'..=b'9'));
    }
    table
});

/// The letter or digit that a character is a form of.
pub(super) fn form_of(c: char) -> Option<u8> {
    TABLE.get(&c).copied()
}
