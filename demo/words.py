"""What the demo's customers and products are called.

The awkward names are here on purpose: letters beyond ASCII, apostrophes, ampersands, commas and
double quotes are what breaks a CSV file, a page or a spreadsheet that was written carelessly.
"""

# One name a line would make this file ten times as long.
# fmt: off

# The first customers of every demo, however small. Customer 1 is the one in the examples.
FIRST_CUSTOMERS = (
    "Zoë Müller", "Asha Verma", "Lens & Light", 'Acme "Best" Tools, Inc.', "Siobhán O'Brien",
    "José Ángel Núñez", "李 伟", "Łukasz Wójcik", "Gurpreet Singh", "Priya Nair",
    "Björn Østergård", "Sharma, Patel & Sons",
)

UNUSUAL_CUSTOMERS = (
    "李 伟", "王 芳", "प्रिया शर्मा", "Ngô Bảo Châu", "Żaneta Łukasik", "Renée d'Arcy",
    "Δήμητρα Παππά", "Анна Иванова", "Şebnem Çelik", 'Rajesh "Raju" Kumar', "Fernandes, Maria",
    'The "Corner" Shop', "Bits, Bolts & Beyond", "Crème & Café, Ltd.", "100% Cotton Co.",
    "<Brackets> & Sons",
)

FIRST_NAMES = (
    "Aarav", "Aditi", "Ajay", "Amrita", "Ananya", "Anil", "Arjun", "Asha", "Bhavna", "Chetan",
    "Deepa", "Dev", "Divya", "Farhan", "Fatima", "Gauri", "Gurpreet", "Harish", "Imran", "Isha",
    "Jaspreet", "Kabir", "Kavita", "Kiran", "Lakshmi", "Manoj", "Meera", "Mohan", "Nadia",
    "Neha", "Nikhil", "Pooja", "Prakash", "Priya", "Rahul", "Ravi", "Rohan", "Sana", "Sanjay",
    "Shreya", "Simran", "Sunil", "Tara", "Uma", "Varun", "Vikram", "Yash", "Zoya", "André",
    "Anneliese", "Björn", "Chloé", "Conor", "François", "Grace", "Inês", "José", "Jürgen",
    "Łukasz", "Maeve", "Noël", "Renée", "Siobhán", "Søren", "Thomas", "Zoë",
)

LAST_NAMES = (
    "Agarwal", "Ahmed", "Banerjee", "Bhatt", "Bose", "Chatterjee", "Chauhan", "Chopra", "Das",
    "Desai", "Deshpande", "Gill", "Gupta", "Iyer", "Jain", "Joshi", "Kapoor", "Kaur", "Khan",
    "Krishnan", "Kulkarni", "Kumar", "Malhotra", "Mehta", "Menon", "Mishra", "Mukherjee", "Nair",
    "Naidu", "Patel", "Patil", "Pillai", "Rao", "Reddy", "Saxena", "Sen", "Shah", "Sharma",
    "Shetty", "Singh", "Sinha", "Thakur", "Trivedi", "Varma", "Verma", "Yadav", "D'Souza",
    "Fernandes", "García", "Lefèvre", "Müller", "Nowak", "O'Brien", "O'Neill", "Østergård",
    "Wójcik",
)

TRADE_WORDS = (
    "Anchor", "Banyan", "Bright", "Copper", "Coral", "Crown", "Delta", "Evergreen", "Falcon",
    "Harbour", "Indigo", "Jasmine", "Lens", "Lotus", "Maple", "Monsoon", "Orchid", "Peacock",
    "Pearl", "River", "Saffron", "Summit", "Tulsi",
)

TRADES = (
    "Books", "Café", "Electricals", "Foods", "Hardware", "Interiors", "Light", "Logistics",
    "Paper", "Studio", "Textiles",
)

COMPANY_FORMS = (
    "{0} & {1}", "{0} {1}", "{0} {1} Pvt. Ltd.", "{0} {1}, Inc.", "{2} & Sons", "{2} {1}",
    "{2}, {0} & Co.",
)

# City, state, and the first three digits of the city's pincodes.
PLACES = (
    ("Ludhiana", "Punjab", "141"), ("Amritsar", "Punjab", "143"), ("Jalandhar", "Punjab", "144"),
    ("Patiala", "Punjab", "147"), ("New Delhi", "Delhi", "110"), ("Gurugram", "Haryana", "122"),
    ("Shimla", "Himachal Pradesh", "171"), ("Srinagar", "Jammu and Kashmir", "190"),
    ("Kanpur", "Uttar Pradesh", "208"), ("Lucknow", "Uttar Pradesh", "226"),
    ("Dehradun", "Uttarakhand", "248"), ("Jaipur", "Rajasthan", "302"),
    ("Jodhpur", "Rajasthan", "342"), ("Ahmedabad", "Gujarat", "380"),
    ("Surat", "Gujarat", "395"), ("Mumbai", "Maharashtra", "400"), ("Panaji", "Goa", "403"),
    ("Pune", "Maharashtra", "411"), ("Nagpur", "Maharashtra", "440"),
    ("Indore", "Madhya Pradesh", "452"), ("Bhopal", "Madhya Pradesh", "462"),
    ("Raipur", "Chhattisgarh", "492"), ("Hyderabad", "Telangana", "500"),
    ("Vijayawada", "Andhra Pradesh", "520"), ("Visakhapatnam", "Andhra Pradesh", "530"),
    ("Bengaluru", "Karnataka", "560"), ("Mysuru", "Karnataka", "570"),
    ("Chennai", "Tamil Nadu", "600"), ("Madurai", "Tamil Nadu", "625"),
    ("Coimbatore", "Tamil Nadu", "641"), ("Kochi", "Kerala", "682"),
    ("Thiruvananthapuram", "Kerala", "695"), ("Kolkata", "West Bengal", "700"),
    ("Siliguri", "West Bengal", "734"), ("Bhubaneswar", "Odisha", "751"),
    ("Guwahati", "Assam", "781"), ("Patna", "Bihar", "800"), ("Ranchi", "Jharkhand", "834"),
)

PAYMENT_METHODS = (
    "Bank transfer", "Card", "Cash", "Cheque", "UPI",
)

SERIES = (
    "Alpine", "Amber", "Aurora", "Basalt", "Birch", "Cobalt", "Compass", "Élan", "Ember",
    "Fjord", "Granite", "Harbour", "Ivory", "Juniper", "Lotus", "Meridian", "Nimbus", "Otter",
    "Quartz", "Saffron",
)

# Category, and its wares with their usual price in cents.
WARES: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("Lighting", (
        ("Desk Lamp", 4_900), ("Floor Lamp", 12_900), ("Pendant", 8_900), ("LED Bulb, 9 W", 700),
        ("Lantern", 3_500), ("Light Strip, 5 m", 2_900), ("Wall Light", 6_500), ("Torch", 1_900),
        ("Night Light", 1_200), ("Spotlight", 5_400),
    )),
    ("Cameras & Lenses", (
        ("Camera", 74_900), ("50 mm Lens", 29_900), ("Zoom Lens", 64_900), ("Tripod", 8_900),
        ("Camera Bag", 6_900), ("Lens Cap", 900), ("Flash", 15_900), ("Filter Set", 4_500),
        ("Strap", 2_400), ("Memory Card, 64 GB", 1_800),
    )),
    ("Kitchen", (
        ('Frying Pan 10"', 3_900), ("Chef's Knife", 5_900), ("Kettle", 4_400),
        ("Mixing Bowl", 1_700), ("Teapot", 2_900), ("Crêpe Pan", 3_200),
        ("Pressure Cooker", 7_900), ("Spice Box", 1_500), ("Café Mug", 900),
        ("Cutting Board", 2_200),
    )),
    ("Furniture", (
        ("Office Chair", 18_900), ("Standing Desk", 49_900), ("Bookcase", 15_900),
        ("Stool", 4_900), ("Side Table", 7_900), ("Coat Rack", 5_900), ("Sofa", 89_900),
        ("Bed Frame", 39_900), ("Filing Cabinet", 13_900), ('19" Rack Shelf', 6_900),
    )),
    ("Tools", (
        ("Hammer, 500 g", 1_900), ("Drill", 9_900), ("Screwdriver Set", 2_900),
        ('Spanner 1/2"', 1_400), ("Handsaw", 2_400), ("Spirit Level", 1_800), ("Toolbox", 4_900),
        ("Sander", 7_900), ("Pliers", 1_600), ("Tape Measure", 900),
    )),
    ("Stationery", (
        ("Notebook, ruled", 600), ("Fountain Pen", 3_900), ("Gel Pens, 10", 800),
        ("Stapler", 1_100), ("Desk Pad", 2_100), ("Folders, A4", 700), ("Marker Set", 1_300),
        ("Paper, 500 Sheets", 650), ("Scissors", 900), ("Diary", 1_500),
    )),
    ("Garden", (
        ("Watering Can", 1_900), ("Secateurs", 2_600), ("Planter", 3_400), ("Hose, 20 m", 3_900),
        ("Rake", 2_100), ("Garden Bench", 19_900), ("Bird Feeder", 1_700), ("Gloves", 900),
        ("Compost Bin", 6_900), ("Seed Tray", 500),
    )),
    ("Audio", (
        ("Headphones", 12_900), ("Earbuds", 7_900), ("Speaker", 9_900), ("Turntable", 24_900),
        ("Microphone", 11_900), ("Amplifier", 34_900), ("Radio", 5_900),
        ("Audio Cable, 2 m", 900), ("Soundbar", 17_900), ("Stand, pair", 4_900),
    )),
    ("Travel", (
        ("Cabin Case", 11_900), ("Rucksack", 8_900), ("Neck Pillow", 1_900), ("Adapter", 1_600),
        ("Wash Bag", 2_400), ("Umbrella", 2_200), ("Bottle", 1_900), ("Money Belt", 1_400),
        ("Duffel", 6_400), ("Luggage Tag", 500),
    )),
    ("Sports", (
        ("Yoga Mat", 2_900), ("Cricket Bat", 8_900), ("Football", 2_400), ("Racquet", 7_400),
        ("Dumbbells, pair", 4_400), ("Skipping Rope", 900), ("Tent", 21_900),
        ("Men's Rain Jacket", 9_400), ("Helmet", 5_900), ("Ball Pump", 1_200),
    )),
)
