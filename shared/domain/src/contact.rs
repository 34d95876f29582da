//! Where people and practices are reached: e-mail addresses, phone numbers, web addresses.

use std::fmt;

use email_address::{EmailAddress as Address, Options};
use serde::{Deserialize, Serialize};

macro_rules! checked_text {
    ($($(#[$doc:meta])* $name:ident: $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As it is used to reach somebody.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let check: fn(&str) -> Result<String, &'static str> = $check;
                check(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        /// Prints the type's name alone: addresses are personal data and stay out of logs.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

checked_text! {
    /// An e-mail address in ASCII, at most 254 characters (RFC 5321), without display name.
    EmailAddress: |text| {
        let valid = text.is_ascii()
            && text.len() <= 254
            && Address::parse_with_options(
                text,
                Options::default().with_required_tld().without_display_text().without_domain_literal(),
            ).is_ok();
        if valid { Ok(text.to_owned()) } else { Err("expected an e-mail address such as name@example.org") }
    };
    /// A mobile number in E.164, such as `+4915112345678`, that the numbering plan of its country knows.
    Mobile: |text| {
        let expected = "expected a mobile number in E.164, such as +4915112345678";
        let digits = text.strip_prefix('+').ok_or(expected)?;
        if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(expected);
        }
        let number = rlibphonenumber::PHONE_NUMBER_UTIL.parse(text, None).map_err(|_| expected)?;
        if mobile_possible(&number) { Ok(text.to_owned()) } else { Err(expected) }
    };
    /// A phone number as the practice writes it for people, such as `0441 234567`.
    Phone: |text| {
        let valid = (3..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_digit() || b" +-/().".contains(&b))
            && text.bytes().filter(u8::is_ascii_digit).count() >= 3;
        if valid { Ok(text.to_owned()) } else { Err("expected a phone number such as 0441 234567") }
    };
    /// A Threema ID: 8 characters, capital letters and digits.
    ThreemaId: |text| {
        let valid = text.len() == 8 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if valid { Ok(text.to_owned()) } else { Err("expected a Threema ID: 8 capital letters or digits") }
    };
    /// An https address of at most 300 characters.
    HttpsUrl: |text| {
        // The parser mends blanks, line breaks and slashes before it looks.
        let valid = text.len() <= 300
            && text.starts_with("https://")
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            && url::Url::parse(text).is_ok_and(|url| {
                url.scheme() == "https" && url.domain().is_some_and(|host| host.contains('.')) && url.username().is_empty() && url.password().is_none()
            });
        if valid { Ok(text.to_owned()) } else { Err("expected an address that begins with https://") }
    };
    /// A colour as `#rrggbb`.
    Colour: |text| {
        let valid = text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit());
        if valid { Ok(text.to_ascii_lowercase()) } else { Err("expected a colour such as #0b6e69") }
    };
    /// The sender that an SMS shows: at most 11 letters and digits, at least one letter (D5).
    SenderId: |text| {
        let valid = (1..=11).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
            && text.bytes().any(|b| b.is_ascii_alphabetic());
        if valid { Ok(text.to_owned()) } else { Err("expected at most 11 letters and digits, at least one letter") }
    };
}

/// The calling codes of the countries that text messages go to, such as `49,43,41`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmsCountries(Vec<String>);

impl SmsCountries {
    /// Whether the number lies in one of them. No calling code begins another one.
    pub fn allow(&self, number: &Mobile) -> bool {
        let digits = number.as_str().trim_start_matches('+');
        self.0.iter().any(|code| digits.starts_with(code.as_str()))
    }
}

impl TryFrom<String> for SmsCountries {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_code = |code: &String| {
            (1..=3).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_digit())
                && !code.starts_with('0')
        };
        let codes: Vec<String> = text.split(',').map(|code| code.trim().to_owned()).collect();
        if codes.iter().all(is_code) {
            Ok(Self(codes))
        } else {
            Err("expected calling codes such as 49,43,41")
        }
    }
}

/// Zweiweg's own, for a deployment that names no other.
impl Default for SenderId {
    fn default() -> Self {
        Self("Zweiweg".to_owned())
    }
}

impl Phone {
    /// The digits alone, with a leading plus if there is one, for a `tel:` link.
    pub fn dialled(&self) -> String {
        self.0
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }
}

/// Whether an SMS can reach the number, as far as its country's plan tells mobile numbers from others.
fn mobile_possible(number: &rlibphonenumber::PhoneNumber) -> bool {
    use rlibphonenumber::PhoneNumberType as Type;
    let util = &*rlibphonenumber::PHONE_NUMBER_UTIL;
    util.is_valid_number(number)
        && matches!(
            util.get_number_type(number),
            Type::Mobile | Type::FixedLineOrMobile | Type::PersonalNumber | Type::Pager
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_are_ones_that_an_sms_can_reach() {
        for good in ["+4915112345678", "+436641234567", "+41791234567"] {
            assert!(Mobile::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "015112345678",
            "+49",
            "+490000000000",
            "+49441234567",
            "+4915112345678x",
            "+49 151 12345678",
            "＋4915112345678",
        ] {
            assert!(Mobile::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_messages_go_to_the_countries_that_the_operator_names() {
        let mobile = |number: &str| Mobile::try_from(number.to_owned()).unwrap();
        let countries = SmsCountries::try_from("49, 43,41".to_owned()).unwrap();
        for (number, allowed) in [
            ("+4915112345678", true),
            ("+436641234567", true),
            ("+41791234567", true),
            ("+447911123456", false),
            ("+33612345678", false),
        ] {
            assert_eq!(countries.allow(&mobile(number)), allowed, "{number}");
        }
        for bad in ["", "DE", "049", "49,", "4949"] {
            assert!(SmsCountries::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn e_mail_addresses_hold_no_control_characters_and_no_names() {
        for good in ["a@example.org", "first.last+tag@mail.example.org"] {
            assert!(EmailAddress::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "a@example.org\r\nBcc: b@example.org",
            "A <a@example.org>",
            "a b@example.org",
            "ä@example.org",
            "a@[127.0.0.1]",
            "a@example.org\0",
            "a@example.org ",
        ] {
            assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn web_addresses_are_https_to_a_named_host() {
        assert!(HttpsUrl::try_from("https://example.org/impressum".to_owned()).is_ok());
        for bad in [
            "http://example.org",
            "javascript:alert(1)",
            "https://localhost",
            "https://a:b@example.org",
            "https://192.168.0.1/x",
            "example.org",
        ] {
            assert!(HttpsUrl::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn contacts_do_not_print() {
        let mobile = Mobile::try_from("+4915112345678".to_owned()).unwrap();
        assert_eq!(format!("{mobile:?}"), "Mobile(…)");
    }
}
