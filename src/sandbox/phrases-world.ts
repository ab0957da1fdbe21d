/** What customers and agents write in Japanese, Arabic and Hindi. */
import type { Phrasebook } from "./phrases.ts";

export const JAPANESE: Phrasebook = {
  greetings: ["お世話になっております。", "こんにちは。", "はじめまして。"],
  closings: ["よろしくお願いいたします。{name}", "どうぞよろしくお願いします。", "{city}の{name}より"],
  follows: [
    "その後いかがでしょうか。",
    "迅速なご対応ありがとうございます！",
    "{carrier}の追跡が{days}日間動いていません。",
    "はい、それでお願いします。",
  ],
  hello: ["{name}様", "{name}様、お問い合わせありがとうございます。"],
  bye: ["今後ともよろしくお願いいたします。\n{agent}", "Alder & Finch カスタマーサポート\n{agent}"],
  late: {
    subject: "注文{order}が届きません",
    asks: [
      "{order}の{product}が予定日から{days}日過ぎても届きません。状況を教えてください。",
      "{carrier}では配達済みですが、受け取っておりません。",
    ],
    replies: ["お荷物は{carrier}の営業所にあり、二日以内に{city}へ到着する見込みです。"],
  },
  damaged: {
    subject: "商品が破損していました（{product}）",
    asks: ["届いた{product}にひびが入っていました。箱に傷はありません。"],
    replies: ["大変申し訳ございません。本日、代わりの商品を発送いたします。"],
  },
  wrong: {
    subject: "違う商品が届きました",
    asks: ["{product}を注文しましたが、別の商品が入っていました。"],
    replies: ["当方の誤りです。正しい商品をすぐにお送りします。"],
  },
  return: {
    subject: "{product}の返品について",
    asks: ["{product}を返品したいのですが、返送ラベルが見当たりません。"],
    replies: ["返送ラベルを添付いたしました。{days}日以内にお出しください。"],
  },
  refund: {
    subject: "{order}の返金について",
    asks: ["{days}日前に返品しましたが、{amount}がまだ返金されていません。"],
    replies: ["{amount}の返金を本日手続きいたしました。"],
  },
  size: {
    subject: "サイズ交換",
    asks: ["{product}が小さかったので、一つ上のサイズに交換できますか。"],
    replies: ["大きいサイズをお取り置きいたしました。"],
  },
  discount: {
    subject: "クーポンが使えません",
    asks: ["合計が{amount}を超えているのに、クーポンが使えません。"],
    replies: ["セール品は対象外のため、{amount}分のポイントを付与いたしました。"],
  },
  address: {
    subject: "{order}の住所変更",
    asks: ["{city}に引っ越しました。{order}のお届け先を変更できますか。"],
    replies: ["お届け先を変更いたしました。"],
  },
  cancel: {
    subject: "{order}のキャンセル",
    asks: ["間違えて二回注文しました。{order}をキャンセルしてください。"],
    replies: ["{order}をキャンセルし、{amount}を返金いたします。"],
  },
  invoice: {
    subject: "{order}の領収書",
    asks: ["会社名入りの領収書を発行していただけますか（{order}）。"],
    replies: ["領収書をPDFで添付いたします。"],
  },
};

export const ARABIC: Phrasebook = {
  greetings: ["مرحباً،", "السلام عليكم،", "صباح الخير،"],
  closings: ["شكراً لكم،\n{name}", "مع التحية، {name} - {city}", "بانتظار ردكم."],
  follows: [
    "هل من جديد؟",
    "شكراً جزيلاً على سرعة الرد!",
    "لم يصل شيء من {carrier} حتى الآن.",
    "نعم، من فضلكم.",
  ],
  hello: ["مرحباً {name}،", "أهلاً {name}، شكراً لتواصلك معنا."],
  bye: ["مع أطيب التحيات،\n{agent}", "يومك سعيد!\n{agent}"],
  late: {
    subject: "أين طلبي {order}؟",
    asks: [
      "كان من المفترض أن يصل الطلب {order} قبل {days} أيام ولم يصل بعد.",
      "تقول {carrier} إن الطرد سُلّم في {city} لكننا لم نستلمه.",
    ],
    replies: ["الطرد في مستودع {carrier} وسيصل إلى {city} خلال يومين."],
  },
  damaged: {
    subject: "وصل المنتج تالفاً",
    asks: ["وصل {product} مكسوراً رغم أن العلبة سليمة."],
    replies: ["نعتذر كثيراً! سنرسل بديلاً اليوم."],
  },
  wrong: {
    subject: "منتج خاطئ في {order}",
    asks: ["طلبت {product} ووصلني شيء آخر."],
    replies: ["الخطأ منا، المنتج الصحيح في الطريق."],
  },
  return: {
    subject: "إرجاع {product}",
    asks: ["كيف يمكنني إرجاع {product}؟ لم أجد ملصق الشحن."],
    replies: ["أرفقنا ملصق الإرجاع، لديك {days} أيام."],
  },
  refund: {
    subject: "استرداد مبلغ {order}",
    asks: ["أعدت المنتج قبل {days} أيام ولم أستلم مبلغ {amount}."],
    replies: ["تم إصدار مبلغ {amount} هذا الصباح."],
  },
  size: {
    subject: "تبديل المقاس",
    asks: ["{product} صغير، هل يمكن استبداله بمقاس أكبر؟"],
    replies: ["حجزنا لك المقاس الأكبر."],
  },
  discount: {
    subject: "رمز الخصم لا يعمل",
    asks: ["رمز الخصم مرفوض مع أن السلة أكثر من {amount}."],
    replies: ["الرمز لا يشمل التخفيضات، وأضفنا {amount} إلى حسابك."],
  },
  address: {
    subject: "تغيير عنوان {order}",
    asks: ["انتقلت إلى {city}، هل يمكن تغيير عنوان {order}؟"],
    replies: ["تم تغيير العنوان."],
  },
  cancel: {
    subject: "إلغاء {order}",
    asks: ["طلبت مرتين بالخطأ، أرجو إلغاء {order}."],
    replies: ["تم إلغاء {order} وسيعاد مبلغ {amount}."],
  },
  invoice: {
    subject: "فاتورة {order}",
    asks: ["أحتاج فاتورة ضريبية للطلب {order}."],
    replies: ["الفاتورة مرفقة."],
  },
};

export const HINDI: Phrasebook = {
  greetings: ["नमस्ते,", "नमस्कार,", "हैलो,"],
  closings: ["धन्यवाद,\n{name}", "सादर,\n{name}, {city}", "कृपया जल्दी बताइए।"],
  follows: ["कोई अपडेट?", "बहुत-बहुत धन्यवाद!", "{carrier} से अब तक कुछ नहीं आया।", "हाँ, ठीक है।"],
  hello: ["नमस्ते {name},", "नमस्ते {name} जी, संपर्क करने के लिए धन्यवाद।"],
  bye: ["शुभकामनाएँ,\n{agent}", "आपका दिन शुभ हो!\n{agent}"],
  late: {
    subject: "मेरा ऑर्डर {order} कहाँ है?",
    asks: [
      "ऑर्डर {order} को {days} दिन पहले आना था, अब तक नहीं मिला।",
      "{carrier} कह रहा है कि {city} में डिलीवर हो गया, पर मुझे नहीं मिला।",
    ],
    replies: ["पैकेट {carrier} के डिपो में है और दो दिन में {city} पहुँच जाएगा।"],
  },
  damaged: {
    subject: "{product} टूटा हुआ मिला",
    asks: ["{product} टूटा हुआ निकला, डिब्बा ठीक था।"],
    replies: ["हमें खेद है! नया {product} आज ही भेज रहे हैं।"],
  },
  wrong: {
    subject: "{order} में गलत सामान",
    asks: ["मैंने {product} मँगाया था, कुछ और आ गया।"],
    replies: ["गलती हमारी है, सही सामान रास्ते में है।"],
  },
  return: {
    subject: "{product} वापस करना है",
    asks: ["{product} कैसे लौटाऊँ? लेबल नहीं मिला।"],
    replies: ["लेबल साथ में है, {days} दिन के अंदर जमा करें।"],
  },
  refund: {
    subject: "{order} का रिफ़ंड",
    asks: ["{days} दिन पहले लौटाया था, {amount} अब तक नहीं आए।"],
    replies: ["{amount} का रिफ़ंड आज सुबह कर दिया गया है।"],
  },
  size: {
    subject: "साइज़ बदलना है",
    asks: ["{product} छोटा है, बड़ा साइज़ मिल सकता है?"],
    replies: ["बड़ा साइज़ आपके लिए रख दिया है।"],
  },
  discount: {
    subject: "कूपन नहीं चल रहा",
    asks: ["कार्ट {amount} से ज़्यादा है फिर भी कूपन नहीं लग रहा।"],
    replies: ["कूपन सेल पर लागू नहीं है, हमने {amount} जोड़ दिए हैं।"],
  },
  address: {
    subject: "{order} का पता बदलना है",
    asks: ["मैं {city} आ गया हूँ, {order} का पता बदल दीजिए।"],
    replies: ["पता बदल दिया गया है।"],
  },
  cancel: {
    subject: "{order} रद्द करें",
    asks: ["गलती से दो बार ऑर्डर हो गया, {order} रद्द कर दें।"],
    replies: ["{order} रद्द हो गया, {amount} वापस आ जाएँगे।"],
  },
  invoice: {
    subject: "{order} का बिल",
    asks: ["{order} के लिए GST बिल चाहिए।"],
    replies: ["बिल साथ में है।"],
  },
};
