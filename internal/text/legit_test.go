package text_test

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"conway/internal/text"
)

// TestOrdinaryLogLinesAreUnchanged decodes lines of the formats that programs
// write: where there is no control in it, a line is shown as it came.
func TestOrdinaryLogLinesAreUnchanged(t *testing.T) {
	data, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range strings.Lines(string(data)) {
		l = strings.TrimSuffix(l, "\n")
		if l == "" || strings.HasPrefix(l, "##") {
			continue
		}
		if strings.ContainsFunc(l, unicode.IsControl) {
			t.Fatalf("%q has a control and is no ordinary line", l)
		}
		n++
		if got := text.Decode(l); got.String() != l {
			t.Errorf("%s\nis shown as\n%s", l, got)
		}
	}
	if n < 60 {
		t.Errorf("only %d lines were looked at", n)
	}
	t.Logf("corpus: %d ordinary log lines of %d unchanged", n, n)
}

// TestTheScriptsOfTheWorldStayReadable decodes a sentence in each of many
// scripts. All of it is drawn as it is: no letter is made a marker.
func TestTheScriptsOfTheWorldStayReadable(t *testing.T) {
	for script, raw := range map[string]string{
		"Han": "支付服务超时,正在重试", "Hiragana": "決済サービスがタイムアウトしました", "Hangul": "결제 서비스 시간 초과",
		"Arabic": "انتهت مهلة خدمة الدفع، تجري إعادة المحاولة", "Hebrew": "שירות התשלומים אינו מגיב", "Devanagari": "भुगतान सेवा ने समय पर उत्तर नहीं दिया, पुनः प्रयास हो रहा है",
		"Bengali": "পেমেন্ট পরিষেবা সাড়া দিচ্ছে না", "Tamil": "கட்டண சேவை பதிலளிக்கவில்லை", "Telugu": "చెల్లింపు సేవ స్పందించడం లేదు", "Malayalam": "പേയ്മെന്റ് സേവനം പ്രതികരിക്കുന്നില്ല",
		"Gujarati": "ચુકવણી સેવા પ્રતિસાદ આપતી નથી", "Gurmukhi": "ਭੁਗਤਾਨ ਸੇਵਾ ਜਵਾਬ ਨਹੀਂ ਦੇ ਰਹੀ", "Kannada": "ಪಾವತಿ ಸೇವೆ ಪ್ರತಿಕ್ರಿಯಿಸುತ್ತಿಲ್ಲ", "Sinhala": "ගෙවීම් සේවාව ප්රතිචාර නොදක්වයි",
		"Thai": "บริการชำระเงินหมดเวลา กำลังลองใหม่", "Lao": "ບໍລິການຊຳລະເງິນບໍ່ຕອບ", "Khmer": "សេវាទូទាត់មិនឆ្លើយតប", "Burmese": "ငွေပေးချေမှုဝန်ဆောင်မှု အချိန်ကုန်သွားသည်",
		"Cyrillic": "Сервис оплаты не отвечает, повтор", "Greek": "Η υπηρεσία πληρωμών δεν απαντά", "Armenian": "Վճարման ծառայությունը չի պատասխանում", "Georgian": "გადახდის სერვისი არ პასუხობს",
		"Ethiopic": "የክፍያ አገልግሎት ምላሽ አይሰጥም", "Vietnamese": "Dịch vụ thanh toán quá thời gian chờ", "Turkish": "Ödeme servisi yanıt vermiyor, yeniden deneniyor", "Polish": "Usługa płatności nie odpowiada",
	} {
		got := text.Decode(raw).String()
		if got != raw {
			t.Errorf("%s: %s\nis shown as %s", script, raw, got)
		}
	}
}
