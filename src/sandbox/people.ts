/** Who shops and where: names, places and telephone numbers by language. The numbers are ones set aside for fiction. */

export type Language = "en" | "de" | "fr" | "es" | "pt" | "ja" | "ar" | "hi";

export type People = {
  readonly locale: string;
  readonly timeZone: string;
  readonly share: number;
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  /** The same names for e-mail addresses, where the script is not Latin. */
  readonly mailNames?: readonly string[];
  readonly cities: readonly string[];
  /** `#` stands for a digit. */
  readonly phone: string;
};

const split = (names: string): string[] => names.split(",");

export const PEOPLE: Readonly<Record<Language, People>> = {
  en: {
    locale: "en_US",
    timeZone: "America/New_York",
    share: 44,
    firstNames: split(
      "Olivia,Liam,Emma,Noah,Ava,Ethan,Sophie,Mason,Isla,Lucas,Grace,Jack,Chloe,Oscar,Ruby,Henry,Maya,Caleb,Zoe,Owen,Hazel,Miles,Nora,Theo,Priya,Darnell,Siobhán,Mateus,Amara,Kwame",
    ),
    lastNames: split(
      "Smith,Johnson,Walker,Patel,O'Brien,Nguyen,Carter,Evans,Murphy,Brooks,Reed,Sullivan,Bennett,Okafor,Hughes,Price,Coleman,Foster,Gray,Hayes,Larsen,Novak,Singh,Van der Berg",
    ),
    cities: split("Portland,Austin,Leeds,Bristol,Denver,Toronto,Cork,Auckland,Brisbane,Chicago"),
    phone: "+1 555 01##",
  },
  de: {
    locale: "de_DE",
    timeZone: "Europe/Berlin",
    share: 16,
    firstNames: split(
      "Jürgen,Anke,Lukas,Mia,Jonas,Lena,Finn,Hannah,Björn,Käthe,Felix,Marie,Sören,Greta,Paul,Ida,Moritz,Frieda,Anton,Lotte",
    ),
    lastNames: split(
      "Müller,Schmidt,Schneider,Fischer,Weber,Groß,Köhler,Schäfer,Bauer,Krüger,Hofmann,Jäger,Vogel,Weiß,Lang,Böhm,von Berg",
    ),
    cities: split("Berlin,Köln,München,Leipzig,Hamburg,Zürich,Graz,Münster,Würzburg"),
    phone: "+49 30 23125 ###",
  },
  fr: {
    locale: "fr_FR",
    timeZone: "Europe/Paris",
    share: 10,
    firstNames: split(
      "Chloé,Léa,Hugo,Jules,Manon,Zoé,Gaël,Élodie,Noé,Inès,Théo,Camille,Aurélie,Benoît,Margaux,Rémi,Anaïs,Loïc",
    ),
    lastNames: split(
      "Martin,Bernard,Lefèvre,Moreau,Girard,Dubois,Mercier,Blanc,Guérin,Rousseau,Chevalier,Faure,Perrin,D'Amico,Benoît",
    ),
    cities: split("Paris,Lyon,Nantes,Bordeaux,Besançon,Genève,Liège,Montréal"),
    phone: "+33 1 99 00 ## ##",
  },
  es: {
    locale: "es_ES",
    timeZone: "Europe/Madrid",
    share: 10,
    firstNames: split(
      "Lucía,Mateo,Sofía,Martín,Valeria,Íñigo,Carmen,Álvaro,Elena,Diego,Paula,Javier,Nuria,Andrés,Ximena,Tomás",
    ),
    lastNames: split(
      "García,Fernández,López,Muñoz,Ibáñez,Ortega,Castro,Peña,Navarro,Ríos,Vega,Domínguez,Núñez,Serrano",
    ),
    cities: split("Madrid,Sevilla,Valencia,Málaga,Bogotá,Logroño,Ciudad de México,Rosario"),
    phone: "+34 919 99 ## ##",
  },
  pt: {
    locale: "pt_BR",
    timeZone: "America/Sao_Paulo",
    share: 7,
    firstNames: split(
      "João,Beatriz,Tiago,Inês,Rafael,Larissa,Gonçalo,Júlia,Vinícius,Catarina,Caio,Letícia,Thiago,Renata",
    ),
    lastNames: split(
      "Silva,Souza,Araújo,Gonçalves,Costa,Magalhães,Ribeiro,Conceição,Teixeira,Barbosa,Leão,Moura",
    ),
    cities: split("São Paulo,Porto,Lisboa,Recife,Belém,Florianópolis,Braga,Curitiba"),
    phone: "+55 11 5550 01##",
  },
  ja: {
    locale: "ja_JP",
    timeZone: "Asia/Tokyo",
    share: 5,
    firstNames: split("陽菜,蓮,美咲,大輔,さくら,健太,結衣,翔,由美子,直樹"),
    lastNames: split("佐藤,鈴木,高橋,田中,渡辺,伊藤,山本,中村,小林,加藤"),
    mailNames: split("hina,ren,misaki,daisuke,sakura,kenta,yui,sho,yumiko,naoki"),
    cities: split("東京,大阪,札幌,福岡,京都,横浜"),
    phone: "+81 3 5550 01##",
  },
  ar: {
    locale: "ar_AE",
    timeZone: "Asia/Dubai",
    share: 4,
    firstNames: split("ليلى,محمد,فاطمة,يوسف,نور,خالد,مريم,عمر,سارة,حسن"),
    lastNames: split("الحداد,المنصوري,خليل,النجار,العلي,الشريف,منصور,القاسم"),
    mailNames: split("layla,mohammed,fatima,yousef,noor,khalid,maryam,omar,sara,hassan"),
    cities: split("دبي,القاهرة,عمّان,بيروت,الرياض"),
    phone: "+971 4 555 01##",
  },
  hi: {
    locale: "hi_IN",
    timeZone: "Asia/Kolkata",
    share: 4,
    firstNames: split("आरव,अनन्या,विवान,दीया,रोहन,प्रिया,कबीर,मीरा,अर्जुन,सान्या"),
    lastNames: split("शर्मा,वर्मा,गुप्ता,सिंह,पटेल,राव,मेहता,जोशी"),
    mailNames: split("aarav,ananya,vivaan,diya,rohan,priya,kabir,meera,arjun,sanya"),
    cities: split("मुंबई,दिल्ली,पुणे,जयपुर,लखनऊ"),
    phone: "+91 22 5550 01##",
  },
};

export const LANGUAGES = Object.keys(PEOPLE) as Language[];

/** Agents of the desk; the first name is what colleagues call them by. */
export const AGENTS: readonly string[] = split(
  "Dana Whitfield,Marcus Ojo,Ines Carvalho,Tobias Richter,Yuki Tanaka,Farah Haddad,Sam Delacroix,Rosa Jiménez,Ben Aldous,Nadia Petrova,Kofi Mensah,Hannah Lindqvist,Ravi Menon,Claire Dumont,Jonah Fields,Leïla Ben Youssef,Grete Sommer,Pablo Cruz,Emi Sato,Tom Baxter,Aisha Rahman,Viktor Holm,Lucie Marchand,Owen Pryce,Mina Park,Diego Salas,Ruth Adeyemi,Felix Brandt,Carla Nunes,Noor Aziz,Ivy Sterling,Arjun Desai",
);

/** Machine users: integrations that write on their own. */
export const MACHINES: readonly string[] = [
  "shop-connector",
  "returns-portal",
  "warehouse-bridge",
  "sync-prod",
  "survey-bot",
];
