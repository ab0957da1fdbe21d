/** What the shop sells and how the desk files it: products, carriers, teams, tags and the names of canned replies. */

export const SHOP = {
  name: "Alder & Finch",
  mail: "support@alderandfinch.example",
  domain: "alderandfinch.example",
};

export const PRODUCTS: readonly { readonly name: string; readonly sku: string; readonly price: number }[] = [
  { name: "Trailhead Rain Jacket", sku: "TRJ-014", price: 129 },
  { name: "Merino Base Layer", sku: "MBL-220", price: 69.5 },
  { name: "Cast Iron Skillet 26 cm", sku: "CIS-026", price: 44.9 },
  { name: "Linen Duvet Set", sku: "LDS-140", price: 159 },
  { name: "Harbour Enamel Mug", sku: "HEM-003", price: 14.5 },
  { name: "Oak Desk Lamp", sku: "ODL-071", price: 89 },
  { name: "Fjord Wool Blanket", sku: "FWB-130", price: 98 },
  { name: "Canvas Weekender Bag", sku: "CWB-045", price: 115 },
  { name: "Café Moka Pot, 6 cups", sku: "CMP-006", price: 39.95 },
  { name: "Hiking Boots “Rila”", sku: "HBR-042", price: 174 },
  { name: "Beeswax Candle, set of 3", sku: "BWC-300", price: 27 },
  { name: "Stoneware Bowl", sku: "SWB-018", price: 22.4 },
  { name: "Down Vest", sku: "DNV-110", price: 119 },
  { name: "Folding Camp Chair", sku: "FCC-009", price: 64 },
  { name: "Headlamp 400 lm", sku: "HLP-400", price: 49.99 },
  { name: "Organic Cotton Tee", sku: "OCT-001", price: 25 },
  { name: "Ceramic Planter 30 cm", sku: "CPL-030", price: 36 },
  { name: "Insulated Bottle 750 ml", sku: "INB-750", price: 31.5 },
  { name: "Sheepskin Slippers", sku: "SHS-038", price: 58 },
  { name: "Kids’ Puddle Suit", sku: "KPS-098", price: 47 },
];

export const CARRIERS: readonly string[] = [
  "DHL",
  "UPS",
  "Royal Mail",
  "Colissimo",
  "Correos",
  "Yamato",
  "Aramex",
  "India Post",
];
export const TIERS: readonly string[] = ["basic", "basic.plus", "silver", "gold", "gold.founders"];
export const COLORS: readonly string[] = [
  "orange",
  "silver",
  "pink",
  "teal",
  "navy",
  "green",
  "purple",
  "black",
];
export const ICONS: readonly string[] = [
  "balloon",
  "binoculars",
  "stereo",
  "kite",
  "anchor",
  "compass",
  "teapot",
  "acorn",
];
export const RETURN_REASONS: readonly string[] = [
  "too_small",
  "too_large",
  "damaged",
  "changed_mind",
  "not_as_described",
  "gift_unwanted",
];

export const TEAMS: readonly { readonly name: string; readonly title: string; readonly icon: string }[] = [
  { name: "tier-1", title: "Tier 1", icon: "users" },
  { name: "tier-2", title: "Tier 2", icon: "users" },
  { name: "returns", title: "Returns & Refunds", icon: "box" },
  { name: "shipping", title: "Shipping", icon: "truck-delivery" },
  { name: "vip", title: "VIP Care", icon: "star" },
  { name: "emea", title: "EMEA (de, fr, es, pt)", icon: "globe" },
  { name: "apac", title: "APAC", icon: "globe" },
  { name: "social", title: "Social & Chat", icon: "chat" },
  { name: "quality", title: "Quality", icon: "check" },
  { name: "weekend", title: "Weekend crew", icon: "sun" },
  { name: "holiday-2024", title: "Holiday helpers 2024", icon: "gift" },
];

export const TAGS: readonly string[] =
  "VIP,late-delivery,damaged,wrong-item,refund-pending,refund-done,return-label-sent,size-exchange,discount-code,address-change,cancelled,invoice,wholesale,press,complaint,praise,spam,duplicate,lost-parcel,customs,payment-failed,chargeback,fraud-check,back-in-stock,gift-wrap,loyalty,black-friday,summer-sale,influencer,callback,legal,gdpr,übersetzen,à-rappeler,escalated,bug,app,store-pickup,warranty,old-campaign,survey-2024,⭐ top-fan".split(
    ",",
  );

export const SHORTCUT_NAMES: readonly string[] =
  "Where is my order,Refund policy,Return label,Damaged on arrival,Wrong item sent,Size exchange,Discount code help,Change address,Cancel order,Send invoice,Greeting,Closing,Out of office,Escalate to tier 2,VIP welcome,Lost parcel claim,Customs charges,Payment failed,Back in stock,Gift wrapping,Warranty terms,Store hours,Press contact,Wholesale contact,Newsletter stop,Delete my data,Apology + 10 %,Review request,Holiday delays,Rücksendung (de),Suivi de colis (fr),返品のご案内 (ja)".split(
    ",",
  );

export const MAIL_DOMAINS: readonly string[] = [
  "example.com",
  "example.net",
  "example.org",
  "mail.example.com",
];
export const EMOJI: readonly string[] = [
  "🙏",
  "😊",
  "📦",
  "😕",
  "👍",
  "❤️",
  "🎉",
  "👨‍👩‍👧",
  "😡",
  "✨",
  "🤷🏽‍♀️",
  "🇪🇺",
];
