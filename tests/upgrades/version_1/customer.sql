-- What setup_db.py made when version 1 was the newest: --orders 12.
PRAGMA user_version = 1;

CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    customer_name TEXT NOT NULL CHECK (customer_name <> ''),
    email TEXT CHECK (email GLOB '?*@?*'),
    phone TEXT CHECK (phone <> ''),
    city TEXT NOT NULL CHECK (city <> ''),
    state TEXT NOT NULL CHECK (state <> ''),
    pincode TEXT NOT NULL CHECK (pincode GLOB '[1-9][0-9][0-9][0-9][0-9][0-9]'),
    created_at TEXT NOT NULL CHECK (
        created_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'
    )
) STRICT;

INSERT INTO customers VALUES
(1, 'Zoë Müller', 'zoemuller1@example.net', NULL, 'Lucknow', 'Uttar Pradesh', '226054', '2022-01-01T03:13:29Z'),
(2, 'Asha Verma', 'ashaverma2@example.com', '+91 09956 47026', 'Thiruvananthapuram', 'Kerala', '695026', '2022-01-02T22:15:51Z'),
(3, 'Lens & Light', 'lenslight3@example.net', '+91 08680 52318', 'Visakhapatnam', 'Andhra Pradesh', '530015', '2022-01-06T02:02:03Z'),
(4, 'Acme "Best" Tools, Inc.', 'acmebesttoolsinc4@example.net', '+91 03012 03101', 'Jalandhar', 'Punjab', '144076', '2022-01-10T23:27:17Z'),
(5, 'Siobhán O''Brien', 'siobhanobrien5@example.org', '+91 09210 39496', 'Chennai', 'Tamil Nadu', '600088', '2022-01-18T18:42:18Z'),
(6, 'José Ángel Núñez', 'joseangelnunez6@example.com', '+91 01359 21698', 'Guwahati', 'Assam', '781088', '2022-01-28T10:56:09Z'),
(7, '李 伟', 'customer7@example.net', '+91 03858 35091', 'Vijayawada', 'Andhra Pradesh', '520030', '2022-02-09T12:58:17Z'),
(8, 'Łukasz Wójcik', 'lukaszwojcik8@example.org', '+91 08564 99098', 'Bhubaneswar', 'Odisha', '751068', '2022-02-23T17:17:59Z'),
(9, 'Gurpreet Singh', 'gurpreetsingh9@example.org', '+91 05691 71381', 'Kolkata', 'West Bengal', '700096', '2022-03-11T05:30:42Z'),
(10, 'Priya Nair', 'priyanair10@example.com', '+91 08539 98980', 'Raipur', 'Chhattisgarh', '492029', '2022-03-29T12:40:49Z'),
(11, 'Björn Østergård', 'bjornostergard11@example.com', '+91 07687 87276', 'Mumbai', 'Maharashtra', '400015', '2022-04-19T20:39:03Z'),
(12, 'Sharma, Patel & Sons', 'sharmapatelsons12@example.com', '+91 08809 98063', 'Amritsar', 'Punjab', '143072', '2022-05-12T03:25:24Z'),
(13, 'Anil Reddy', 'anilreddy13@example.net', '+91 06104 15619', 'Amritsar', 'Punjab', '143020', '2022-06-06T07:37:40Z'),
(14, 'Søren Müller', 'sorenmuller14@example.net', '+91 06438 59565', 'Surat', 'Gujarat', '395046', '2022-07-02T13:31:55Z'),
(15, 'Priya Menon', 'priyamenon15@example.com', NULL, 'Chennai', 'Tamil Nadu', '600024', '2022-08-01T04:10:14Z'),
(16, 'Sanjay Ahmed', 'sanjayahmed16@example.com', '+91 06273 46625', 'Vijayawada', 'Andhra Pradesh', '520063', '2022-09-01T18:39:01Z'),
(17, 'André Ahmed', 'andreahmed17@example.org', '+91 02511 45631', 'Jalandhar', 'Punjab', '144067', '2022-10-04T18:31:38Z'),
(18, 'Jaspreet Kulkarni', 'jaspreetkulkarni18@example.net', '+91 07722 02692', 'Hyderabad', 'Telangana', '500030', '2022-11-10T03:16:44Z'),
(19, 'Fatima Yadav', 'fatimayadav19@example.net', '+91 06980 10184', 'Lucknow', 'Uttar Pradesh', '226019', '2022-12-17T21:38:03Z'),
(20, 'Nadia Fernandes', 'nadiafernandes20@example.net', '+91 08848 45110', 'Shimla', 'Himachal Pradesh', '171034', '2023-01-25T23:59:36Z'),
(21, 'Divya Yadav', 'divyayadav21@example.com', '+91 08072 64193', 'Thiruvananthapuram', 'Kerala', '695019', '2023-03-09T02:58:51Z'),
(22, 'Pearl Electricals Pvt. Ltd.', NULL, '+91 09206 15599', 'Mumbai', 'Maharashtra', '400042', '2023-04-22T22:19:38Z'),
(23, 'Zoë Menon', 'zoemenon23@example.com', '+91 07455 83669', 'Patna', 'Bihar', '800092', '2023-06-08T18:41:15Z'),
(24, 'Kavita Gupta', 'kavitagupta24@example.com', '+91 08101 04507', 'Jalandhar', 'Punjab', '144059', '2023-07-26T19:57:49Z'),
(25, 'Maeve Müller', 'maevemuller25@example.org', '+91 01718 29988', 'Raipur', 'Chhattisgarh', '492002', '2023-09-15T10:31:54Z'),
(26, 'Renée Saxena', 'reneesaxena26@example.org', '+91 04771 78232', 'Jodhpur', 'Rajasthan', '342025', '2023-11-07T13:50:04Z'),
(27, 'François Desai', 'francoisdesai27@example.org', '+91 08234 00750', 'Kochi', 'Kerala', '682092', '2024-01-01T06:37:22Z'),
(28, 'Delta Interiors', 'deltainteriors28@example.com', '+91 00548 12686', 'Pune', 'Maharashtra', '411077', '2024-02-27T17:19:14Z'),
(29, 'José Bose', 'josebose29@example.com', '+91 03512 64691', 'Indore', 'Madhya Pradesh', '452032', '2024-04-27T08:26:06Z'),
(30, 'Bright Light Pvt. Ltd.', 'brightlightpvtltd30@example.com', '+91 03732 60443', 'Surat', 'Gujarat', '395008', '2024-06-27T23:36:11Z'),
(31, 'Sunil Menon', 'sunilmenon31@example.org', '+91 04205 69412', 'Surat', 'Gujarat', '395050', '2024-08-30T10:55:38Z'),
(32, 'Vikram Bose', 'vikrambose32@example.org', '+91 09364 37423', 'Panaji', 'Goa', '403043', '2024-11-04T08:21:20Z'),
(33, 'Nikhil Chauhan', 'nikhilchauhan33@example.org', '+91 07924 66756', 'Kochi', 'Kerala', '682066', '2025-01-11T09:23:56Z'),
(34, 'Varma & Sons', NULL, '+91 08804 17915', 'Amritsar', 'Punjab', '143010', '2025-03-22T20:21:49Z'),
(35, 'O''Neill Studio', 'oneillstudio35@example.com', '+91 07674 51132', 'Hyderabad', 'Telangana', '500080', '2025-06-03T01:19:30Z'),
(36, 'Renée Bhatt', 'reneebhatt36@example.org', '+91 02421 17977', 'Jodhpur', 'Rajasthan', '342056', '2025-08-16T07:46:30Z');

