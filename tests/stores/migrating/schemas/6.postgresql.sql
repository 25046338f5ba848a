CREATE TABLE public.crmkit_collision (
    workspace integer NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    system text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL COLLATE pg_catalog."C",
    other text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    record text NOT NULL COLLATE pg_catalog."C",
    recorded bigint NOT NULL,
    resolved bigint
);
CREATE TABLE public.crmkit_customer (
    workspace integer NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    root text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    number text COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    parent text COLLATE pg_catalog."C",
    search text NOT NULL COLLATE pg_catalog."C",
    recorded bigint NOT NULL,
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_decision (
    workspace integer NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    at bigint NOT NULL,
    by text COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_document (
    workspace integer NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    due bigint,
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_fact (
    name text NOT NULL COLLATE pg_catalog."C",
    value bigint NOT NULL
);
CREATE TABLE public.crmkit_fed (
    workspace integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    recorded bigint NOT NULL,
    void bigint,
    correction bigint NOT NULL
);
CREATE TABLE public.crmkit_identity (
    workspace integer NOT NULL,
    system text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    recorded bigint NOT NULL
);
CREATE TABLE public.crmkit_message (
    workspace integer NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    purpose text NOT NULL COLLATE pg_catalog."C",
    occasion text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    mailing bigint NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    reason text COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    code text COLLATE pg_catalog."C",
    at bigint NOT NULL,
    planned bigint NOT NULL,
    sent bigint,
    next bigint,
    attempts bigint NOT NULL,
    expires bigint,
    lease text COLLATE pg_catalog."C",
    variables text COLLATE pg_catalog."C",
    system text COLLATE pg_catalog."C",
    address text COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_meta (
    workspace integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_pair (
    workspace integer NOT NULL,
    connector text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    ours text NOT NULL COLLATE pg_catalog."C",
    theirs text COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    due bigint,
    changed bigint,
    at bigint NOT NULL,
    fields text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_standing (
    workspace integer NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    rank bigint NOT NULL,
    total double precision NOT NULL,
    delta double precision NOT NULL,
    unexpected double precision NOT NULL,
    tier text COLLATE pg_catalog."C",
    tier_since bigint,
    stage text COLLATE pg_catalog."C",
    stage_since bigint,
    kind text COLLATE pg_catalog."C",
    account text COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    queue bigint,
    weight double precision NOT NULL,
    day bigint,
    contact bigint,
    ideal bigint,
    worst bigint,
    due bigint,
    facts text COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_state (
    workspace integer NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    layout bigint NOT NULL,
    sums bytea NOT NULL,
    seen bytea,
    bought bytea,
    rest text COLLATE pg_catalog."C",
    first bigint NOT NULL,
    newest bigint NOT NULL,
    contact bigint,
    own bigint,
    recorded bigint NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE public.crmkit_suppression (
    workspace integer NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    channel text COLLATE pg_catalog."C",
    at bigint NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_sync_case (
    workspace integer NOT NULL,
    connector text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    what text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    field text NOT NULL COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    at bigint NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_sync_run (
    workspace integer NOT NULL,
    connector text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    started bigint NOT NULL,
    finished bigint,
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_tombstone (
    workspace integer NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    recorded bigint NOT NULL
);
CREATE TABLE public.crmkit_touchpoint (
    workspace integer NOT NULL,
    seq bigint NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    rev bigint NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    via text COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    zone bigint NOT NULL,
    recorded bigint NOT NULL,
    run bigint NOT NULL,
    amount text COLLATE pg_catalog."C",
    currency text COLLATE pg_catalog."C",
    margin text COLLATE pg_catalog."C",
    quantity text COLLATE pg_catalog."C",
    item text COLLATE pg_catalog."C",
    category text COLLATE pg_catalog."C",
    channel text COLLATE pg_catalog."C",
    direction text COLLATE pg_catalog."C",
    rating double precision,
    text text COLLATE pg_catalog."C",
    origin text NOT NULL COLLATE pg_catalog."C",
    of text COLLATE pg_catalog."C",
    friend text COLLATE pg_catalog."C",
    attributes text COLLATE pg_catalog."C"
)
PARTITION BY RANGE (at);
CREATE TABLE public.crmkit_touchpoint_2024 (
    workspace integer CONSTRAINT crmkit_touchpoint_workspace_not_null NOT NULL,
    seq bigint CONSTRAINT crmkit_touchpoint_seq_not_null NOT NULL,
    source text CONSTRAINT crmkit_touchpoint_source_not_null NOT NULL COLLATE pg_catalog."C",
    id text CONSTRAINT crmkit_touchpoint_id_not_null NOT NULL COLLATE pg_catalog."C",
    rev bigint CONSTRAINT crmkit_touchpoint_rev_not_null NOT NULL,
    customer text CONSTRAINT crmkit_touchpoint_customer_not_null NOT NULL COLLATE pg_catalog."C",
    via text COLLATE pg_catalog."C",
    kind text CONSTRAINT crmkit_touchpoint_kind_not_null NOT NULL COLLATE pg_catalog."C",
    at bigint CONSTRAINT crmkit_touchpoint_at_not_null NOT NULL,
    zone bigint CONSTRAINT crmkit_touchpoint_zone_not_null NOT NULL,
    recorded bigint CONSTRAINT crmkit_touchpoint_recorded_not_null NOT NULL,
    run bigint CONSTRAINT crmkit_touchpoint_run_not_null NOT NULL,
    amount text COLLATE pg_catalog."C",
    currency text COLLATE pg_catalog."C",
    margin text COLLATE pg_catalog."C",
    quantity text COLLATE pg_catalog."C",
    item text COLLATE pg_catalog."C",
    category text COLLATE pg_catalog."C",
    channel text COLLATE pg_catalog."C",
    direction text COLLATE pg_catalog."C",
    rating double precision,
    text text COLLATE pg_catalog."C",
    origin text CONSTRAINT crmkit_touchpoint_origin_not_null NOT NULL COLLATE pg_catalog."C",
    of text COLLATE pg_catalog."C",
    friend text COLLATE pg_catalog."C",
    attributes text COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_touchpoint_2025 (
    workspace integer CONSTRAINT crmkit_touchpoint_workspace_not_null NOT NULL,
    seq bigint CONSTRAINT crmkit_touchpoint_seq_not_null NOT NULL,
    source text CONSTRAINT crmkit_touchpoint_source_not_null NOT NULL COLLATE pg_catalog."C",
    id text CONSTRAINT crmkit_touchpoint_id_not_null NOT NULL COLLATE pg_catalog."C",
    rev bigint CONSTRAINT crmkit_touchpoint_rev_not_null NOT NULL,
    customer text CONSTRAINT crmkit_touchpoint_customer_not_null NOT NULL COLLATE pg_catalog."C",
    via text COLLATE pg_catalog."C",
    kind text CONSTRAINT crmkit_touchpoint_kind_not_null NOT NULL COLLATE pg_catalog."C",
    at bigint CONSTRAINT crmkit_touchpoint_at_not_null NOT NULL,
    zone bigint CONSTRAINT crmkit_touchpoint_zone_not_null NOT NULL,
    recorded bigint CONSTRAINT crmkit_touchpoint_recorded_not_null NOT NULL,
    run bigint CONSTRAINT crmkit_touchpoint_run_not_null NOT NULL,
    amount text COLLATE pg_catalog."C",
    currency text COLLATE pg_catalog."C",
    margin text COLLATE pg_catalog."C",
    quantity text COLLATE pg_catalog."C",
    item text COLLATE pg_catalog."C",
    category text COLLATE pg_catalog."C",
    channel text COLLATE pg_catalog."C",
    direction text COLLATE pg_catalog."C",
    rating double precision,
    text text COLLATE pg_catalog."C",
    origin text CONSTRAINT crmkit_touchpoint_origin_not_null NOT NULL COLLATE pg_catalog."C",
    of text COLLATE pg_catalog."C",
    friend text COLLATE pg_catalog."C",
    attributes text COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_touchpoint_2026 (
    workspace integer CONSTRAINT crmkit_touchpoint_workspace_not_null NOT NULL,
    seq bigint CONSTRAINT crmkit_touchpoint_seq_not_null NOT NULL,
    source text CONSTRAINT crmkit_touchpoint_source_not_null NOT NULL COLLATE pg_catalog."C",
    id text CONSTRAINT crmkit_touchpoint_id_not_null NOT NULL COLLATE pg_catalog."C",
    rev bigint CONSTRAINT crmkit_touchpoint_rev_not_null NOT NULL,
    customer text CONSTRAINT crmkit_touchpoint_customer_not_null NOT NULL COLLATE pg_catalog."C",
    via text COLLATE pg_catalog."C",
    kind text CONSTRAINT crmkit_touchpoint_kind_not_null NOT NULL COLLATE pg_catalog."C",
    at bigint CONSTRAINT crmkit_touchpoint_at_not_null NOT NULL,
    zone bigint CONSTRAINT crmkit_touchpoint_zone_not_null NOT NULL,
    recorded bigint CONSTRAINT crmkit_touchpoint_recorded_not_null NOT NULL,
    run bigint CONSTRAINT crmkit_touchpoint_run_not_null NOT NULL,
    amount text COLLATE pg_catalog."C",
    currency text COLLATE pg_catalog."C",
    margin text COLLATE pg_catalog."C",
    quantity text COLLATE pg_catalog."C",
    item text COLLATE pg_catalog."C",
    category text COLLATE pg_catalog."C",
    channel text COLLATE pg_catalog."C",
    direction text COLLATE pg_catalog."C",
    rating double precision,
    text text COLLATE pg_catalog."C",
    origin text CONSTRAINT crmkit_touchpoint_origin_not_null NOT NULL COLLATE pg_catalog."C",
    of text COLLATE pg_catalog."C",
    friend text COLLATE pg_catalog."C",
    attributes text COLLATE pg_catalog."C"
);
CREATE TABLE public.crmkit_touchpoint_once (
    workspace integer NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    rev bigint NOT NULL
);
CREATE TABLE public.crmkit_void (
    workspace integer NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    touchpoint bigint NOT NULL,
    at bigint NOT NULL,
    decision bigint NOT NULL
);
CREATE TABLE public.crmkit_workspace (
    id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.crmkit_workspace_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.crmkit_workspace_id_seq OWNED BY public.crmkit_workspace.id;
ALTER TABLE ONLY public.crmkit_touchpoint ATTACH PARTITION public.crmkit_touchpoint_2024 FOR VALUES FROM ('1704067200000000') TO ('1735689600000000');
ALTER TABLE ONLY public.crmkit_touchpoint ATTACH PARTITION public.crmkit_touchpoint_2025 FOR VALUES FROM ('1735689600000000') TO ('1767225600000000');
ALTER TABLE ONLY public.crmkit_touchpoint ATTACH PARTITION public.crmkit_touchpoint_2026 FOR VALUES FROM ('1767225600000000') TO ('1798761600000000');
ALTER TABLE ONLY public.crmkit_workspace ALTER COLUMN id SET DEFAULT nextval('public.crmkit_workspace_id_seq'::regclass);
INSERT INTO public.crmkit_collision VALUES (1, '346a87e5b13e3bf20f83a1b1ecb28d', 'phone', '+8613800138000', 'c1m85exefrdjnwkfeb', 'c1m85exefrv9dj1d52', 'till', 'call-cats-4', 1780311600000000, NULL);
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefrth143ew3', 23, 'c1m85exefrth143ew3', 'person', '', NULL, NULL, NULL, 'ann@example.com', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefrdjnwkfeb', 24, 'c1m85exefrdjnwkfeb', 'person', '王小明', NULL, NULL, NULL, '王小明
wangxiaoming
wxm
wang@example.com
+8613800138000', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefrv9dj1d52', 37, 'c1m85exefr582h2skf', 'person', '', NULL, NULL, NULL, 'cats@example.com', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefr582h2skf', 38, 'c1m85exefr582h2skf', 'person', '', NULL, NULL, NULL, 'cat@example.com
cats@example.com', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefrk4qtbkhy', 43, 'c1m85exefrk4qtbkhy', 'person', '', NULL, NULL, NULL, 'dan@example.com', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exefrb59jvxa1', 44, 'c1m85exefrb59jvxa1', 'person', 'Bob Berg', NULL, 'lin', NULL, 'bob berg
bob@example.com', 1780311600000000, '{"saved":1780311600000000,"source":"till"}');
INSERT INTO public.crmkit_customer VALUES (1, 'c1m85exezcc3fmzsxy', 92, 'c1m85exezcc3fmzsxy', 'person', 'refuse me', NULL, NULL, NULL, 'refuse me
odd@example.com', 1780311600000000, '{"saved":1780311600000000}');
INSERT INTO public.crmkit_customer VALUES (2, 'c1m85exf1t77m8jk5z', 5, 'c1m85exf1t77m8jk5z', 'person', '', NULL, NULL, NULL, 'ann@example.com', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_customer VALUES (2, 'c1m85exf1t9bgw6ey8', 6, 'c1m85exf1t9bgw6ey8', 'person', '王小明', NULL, NULL, NULL, '王小明
wangxiaoming
wxm
wang@example.com
+8613800138000', 1780311600000000, '{"run": 1, "source": "till"}');
INSERT INTO public.crmkit_decision VALUES (1, 31, 'undo', NULL, 1780311600000000, NULL, 'another shop''s', '{"customers":[],"run":"30","touchpoints":1}');
INSERT INTO public.crmkit_decision VALUES (1, 32, 'correct', 'c1m85exefrth143ew3', 1780311600000000, NULL, 'misread', '{"after":{"amount":"7.25"},"before":{"amount":"100.50"},"id":"purchase-ann-20","source":"till"}');
INSERT INTO public.crmkit_decision VALUES (1, 34, 'retract', 'c1m85exefrk4qtbkhy', 1780311600000000, NULL, 'never was', '{"id":"purchase-dan-3","source":"till"}');
INSERT INTO public.crmkit_decision VALUES (1, 36, 'merge', 'c1m85exefr582h2skf', 1780311600000000, NULL, 'one person', '{"drop":"c1m85exefrv9dj1d52","keep":"c1m85exefr582h2skf"}');
INSERT INTO public.crmkit_decision VALUES (1, 39, 'merge', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'one person', '{"drop":"c1m85exefrk4qtbkhy","keep":"c1m85exefrb59jvxa1"}');
INSERT INTO public.crmkit_decision VALUES (1, 42, 'unmerge', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'two after all', '{"drop":"c1m85exefrk4qtbkhy","keep":"c1m85exefrb59jvxa1","merge":"39"}');
INSERT INTO public.crmkit_decision VALUES (1, 45, 'decline', 'c1m85exefr582h2skf', 1780311600000000, NULL, 'she asked', '{"indicator":"purchase_recency","points":null,"until":null}');
INSERT INTO public.crmkit_decision VALUES (1, 46, 'override', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'he wrote', '{"indicator":"purchase_recency","points":50.0,"until":null}');
INSERT INTO public.crmkit_decision VALUES (1, 47, 'promotion', NULL, 1780311600000000, NULL, '', '{"competitor":"teahouse","end":1776855600000000,"start":1775127600000000}');
INSERT INTO public.crmkit_decision VALUES (1, 48, 'erase', 'c1m85exefr9hsjfxqa', 1780311600000000, NULL, 'asked for it', '{"ids":["c1m85exefr9hsjfxqa"]}');
INSERT INTO public.crmkit_decision VALUES (1, 49, 'stage', 'c1m85exefr582h2skf', 1780311600000000, NULL, 'bought for the first time 300 days ago', '{"after":"development","at":1780311600000000,"before":null,"facts":{"purchases":1},"replayed":false,"rule":"first_purchase"}');
INSERT INTO public.crmkit_decision VALUES (1, 50, 'stage', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'bought for the first time 6 days ago', '{"after":"development","at":1780311600000000,"before":null,"facts":{"purchases":1},"replayed":false,"rule":"first_purchase"}');
INSERT INTO public.crmkit_decision VALUES (1, 51, 'stage', 'c1m85exefrdjnwkfeb', 1780311600000000, NULL, 'bought on 3 days', '{"after":"maintenance","at":1780311600000000,"before":null,"facts":{"purchase_days":3},"replayed":false,"rule":"regular"}');
INSERT INTO public.crmkit_decision VALUES (1, 52, 'stage', 'c1m85exefrk4qtbkhy', 1780311600000000, NULL, 'nothing else is known of him', '{"after":"prospect","at":1780311600000000,"before":null,"facts":{},"replayed":false,"rule":null}');
INSERT INTO public.crmkit_decision VALUES (1, 53, 'stage', 'c1m85exefrth143ew3', 1780311600000000, NULL, 'his score rose by 16.75 points in a quarter', '{"after":"upgrade","at":1780311600000000,"before":null,"facts":{"delta":16.75,"purchase_days":9},"replayed":false,"rule":"rising"}');
INSERT INTO public.crmkit_decision VALUES (1, 54, 'tier', 'c1m85exefr582h2skf', 1780311600000000, NULL, 'rank 4 of 5', '{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":4,"replayed":false}');
INSERT INTO public.crmkit_decision VALUES (1, 55, 'tier', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'rank 3 of 5', '{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":3,"replayed":false}');
INSERT INTO public.crmkit_decision VALUES (1, 56, 'tier', 'c1m85exefrdjnwkfeb', 1780311600000000, NULL, 'rank 2 of 5', '{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":2,"replayed":false}');
INSERT INTO public.crmkit_decision VALUES (1, 57, 'tier', 'c1m85exefrk4qtbkhy', 1780311600000000, NULL, 'rank 5 of 5', '{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":5,"replayed":false}');
INSERT INTO public.crmkit_decision VALUES (1, 58, 'tier', 'c1m85exefrth143ew3', 1780311600000000, NULL, 'rank 1 of 5', '{"after":"key","at":1780311600000000,"before":null,"count":5,"rank":1,"replayed":false}');
INSERT INTO public.crmkit_decision VALUES (1, 60, 'agenda', 'c1m85exefrth143ew3', 1780311600000000, NULL, '', '{"item":"c1m85exefrth143ew3:2025-09-28","touchpoint":"c1m85exefrth143ew3:2025-09-28","until":null,"what":"done"}');
INSERT INTO public.crmkit_decision VALUES (1, 61, 'opportunity', 'c1m85exefrdjnwkfeb', 1780311600000000, 'lin', '', '{"document":{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exefrdjnwkfeb","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"meet","state":"open"},"due":null,"what":"opened"}');
INSERT INTO public.crmkit_decision VALUES (1, 62, 'opportunity', 'c1m85exefrdjnwkfeb', 1780311600000000, 'lin', 'he said so', '{"document":{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exefrdjnwkfeb","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"he said so","skipped":["discover","confirm","clarify","propose","commit"],"stage":"accept"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"accept","state":"open"},"due":null,"what":"moved"}');
INSERT INTO public.crmkit_decision VALUES (1, 63, 'opportunity', 'c1m85exefrb59jvxa1', 1780311600000000, 'lin', '', '{"document":{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exefrb59jvxa1","id":"63","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"open"},"due":null,"what":"opened"}');
INSERT INTO public.crmkit_decision VALUES (1, 64, 'opportunity', 'c1m85exefrb59jvxa1', 1780311600000000, 'lin', 'dear', '{"document":{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exefrb59jvxa1","id":"63","lost_to":"teahouse","moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":true,"reason":"dear","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"lost"},"due":null,"what":"lost"}');
INSERT INTO public.crmkit_decision VALUES (1, 65, 'consent', 'c1m85exefrth143ew3', 1780311600000000, NULL, 'a card', '{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO public.crmkit_decision VALUES (1, 66, 'consent', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'a card', '{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO public.crmkit_decision VALUES (1, 67, 'consent', 'c1m85exefr582h2skf', 1780311600000000, NULL, 'a card', '{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO public.crmkit_decision VALUES (1, 68, 'consent', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, 'on the phone', '{"at":"2026-06-01T11:00:00+00:00","purpose":"marketing","state":"withdrawn"}');
INSERT INTO public.crmkit_decision VALUES (1, 69, 'mailing', NULL, 1780311600000000, 'lin', '', '{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 0","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"green"}}');
INSERT INTO public.crmkit_decision VALUES (1, 79, 'mailing', NULL, 1780311600000000, 'lin', '', '{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 1","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"black"}}');
INSERT INTO public.crmkit_decision VALUES (1, 88, 'mailing', 'c1m85exefrb59jvxa1', 1780311600000000, NULL, '', '{"brief":{},"channel":"post","expires":null,"kind":"survey_sent","occasion":"asked","purpose":"care","survey":"tea","template":{"forms":{"default":{"default":{"text":"{{ question }} {{ survey_url }}"}}},"language":null,"name":null},"variables":{}}');
INSERT INTO public.crmkit_decision VALUES (1, 86, 'mailing', 'c1m85exefrth143ew3', 1780311600000000, 'lin', '', '{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 2","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"white"}}');
INSERT INTO public.crmkit_document VALUES (1, 61, 'opportunity', 'c1m85exefrdjnwkfeb', 'lin', 'open', NULL, '{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exefrdjnwkfeb","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"he said so","skipped":["discover","confirm","clarify","propose","commit"],"stage":"accept"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"accept","state":"open"}');
INSERT INTO public.crmkit_document VALUES (1, 63, 'opportunity', 'c1m85exefrb59jvxa1', 'lin', 'lost', NULL, '{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exefrb59jvxa1","id":"63","lost_to":"teahouse","moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":true,"reason":"dear","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"lost"}');
INSERT INTO public.crmkit_fact VALUES ('schema', 6);
INSERT INTO public.crmkit_fact VALUES ('seq', 0);
INSERT INTO public.crmkit_fact VALUES ('seq:1', 92);
INSERT INTO public.crmkit_fact VALUES ('seq:2', 6);
INSERT INTO public.crmkit_fed VALUES (1, 'call', 1779966000000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'complaint', 1779879600000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'purchase', 1710932400000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'referral', 1779620400000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'return', 1780138800000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'survey_answered', 1779534000000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'visit', 1779706800000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'message_out', 1780311600000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'message_in', 1780311600000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (1, 'note', 1780311600000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_fed VALUES (2, 'purchase', 1745492400000000, 1780311600000000, NULL, 0);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'ann@example.com', 'c1m85exefrth143ew3', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'wang@example.com', 'c1m85exefrdjnwkfeb', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'phone', '+8613800138000', 'c1m85exefrdjnwkfeb', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'bob@example.com', 'c1m85exefrb59jvxa1', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'cat@example.com', 'c1m85exefr582h2skf', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'cats@example.com', 'c1m85exefrv9dj1d52', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'dan@example.com', 'c1m85exefrk4qtbkhy', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (1, 'email', 'odd@example.com', 'c1m85exezcc3fmzsxy', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (2, 'email', 'ann@example.com', 'c1m85exf1t77m8jk5z', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (2, 'email', 'wang@example.com', 'c1m85exf1t9bgw6ey8', 1780311600000000);
INSERT INTO public.crmkit_identity VALUES (2, 'phone', '+8613800138000', 'c1m85exf1t9bgw6ey8', 1780311600000000);
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrdjnwkfeb', 'care', 'tea 0', 'post', 72, 69, 'refused', 'consent', 'no consent to care', NULL, NULL, 1780311600000000, 1780311600000000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrth143ew3', 'care', 'tea 0', 'post', 70, 69, 'accepted', NULL, '', 'post-70', NULL, 1780311600000000, 1780311600000000, 1780311600000000, NULL, 1, NULL, '73cc7cda36004005b23be4adfb535bff', '{"name": "Ann"}', 'email', 'ann@example.com');
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrb59jvxa1', 'care', 'tea 0', 'post', 71, 69, 'accepted', NULL, '', 'post-71', NULL, 1780311600000000, 1780311600000000, 1780311600000000, NULL, 1, NULL, '73cc7cda36004005b23be4adfb535bff', NULL, 'email', 'bob@example.com');
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefr582h2skf', 'care', 'tea 0', 'post', 73, 69, 'bounced', 'provider', 'the provider says no more than that', 'post-73', NULL, 1780311600000000, 1780311600000000, 1780311600000000, NULL, 1, NULL, '73cc7cda36004005b23be4adfb535bff', NULL, 'email', 'cat@example.com');
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrdjnwkfeb', 'care', 'tea 1', 'post', 82, 79, 'refused', 'consent', 'no consent to care', NULL, NULL, 1780311600000000, 1780311600000000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefr582h2skf', 'care', 'tea 1', 'post', 83, 79, 'refused', 'suppressed', 'post: it bounced: no such address', NULL, NULL, 1780311600000000, 1780311600000000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrth143ew3', 'care', 'tea 1', 'post', 80, 79, 'accepted', NULL, '', 'post-80', NULL, 1780311600000000, 1780311600000000, 1780311600000000, NULL, 1, NULL, '6c790e36f6e14b81a720dd901927c334', '{"name": "Ann"}', 'email', 'ann@example.com');
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrb59jvxa1', 'care', 'tea 1', 'post', 81, 79, 'accepted', NULL, '', 'post-81', NULL, 1780311600000000, 1780311600000000, 1780311600000000, NULL, 1, NULL, '6c790e36f6e14b81a720dd901927c334', NULL, 'email', 'bob@example.com');
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrth143ew3', 'care', 'tea 2', 'post', 87, 86, 'planned', 'cap', 'he got as much as is allowed until 2026-06-02 11:00:00+00:00', NULL, NULL, 1780311600000000, 1780311600000000, NULL, 1780398000000000, 0, NULL, NULL, '{"name": "Ann"}', NULL, NULL);
INSERT INTO public.crmkit_message VALUES (1, 'c1m85exefrb59jvxa1', 'care', 'asked', 'post', 89, 88, 'planned', NULL, '', NULL, NULL, 1780311600000000, 1780311600000000, NULL, 1780311600000000, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.crmkit_meta VALUES (1, 'erasure-key', 'c5d529b70b29d8550467c8c5b3551a4e6a016e0124dcfaf4f8b9d1c71b7493d4');
INSERT INTO public.crmkit_meta VALUES (1, 'generation', '5');
INSERT INTO public.crmkit_meta VALUES (1, 'advance', '{"at": 1780311600000000, "day": 20605, "watermark": 48, "policy": "{\"answer_days\": 2.0, \"cadence\": [[\"base\", [15552000000000, 31536000000000]], [\"core\", [3888000000000, 7776000000000]], [\"key\", [1209600000000, 2592000000000]]], \"prospects\": false, \"steps\": 8, \"timezone\": \"UTC\"}", "owners": ["lin"]}');
INSERT INTO public.crmkit_meta VALUES (1, 'sync.ledger.at.Contacts', '{"changed": {"began": "2026-03-01T09:00:00+00:00", "cursor": null, "lasted": 0.0, "reading": null, "seen": "2026-03-01T09:00:00+00:00", "settled": false}, "deleted": {"began": "2026-03-01T09:00:00+00:00", "cursor": null, "lasted": 0.0, "reading": null, "seen": "2026-03-01T09:00:00+00:00", "settled": false}, "mark": 92, "rules": "e79a02dcdb40cf8171669fe404a040", "swept": 0}');
INSERT INTO public.crmkit_pair VALUES (1, 'ledger', 'Contacts', 'c1m85exefrth143ew3', '1', 'c1m85exefrth143ew3', 'linked', NULL, 1772355601000000, 1780311600000000, '{"name":[null],"email":["ann@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO public.crmkit_pair VALUES (1, 'ledger', 'Contacts', 'c1m85exefrdjnwkfeb', '2', 'c1m85exefrdjnwkfeb', 'linked', NULL, 1772355602000000, 1780311600000000, '{"name":["王小明"],"email":["wang@example.com"],"phone":["+8613800138000"],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO public.crmkit_pair VALUES (1, 'ledger', 'Contacts', 'c1m85exefr582h2skf', '3', 'c1m85exefr582h2skf', 'linked', NULL, 1772355603000000, 1780311600000000, '{"name":[null],"email":["cat@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO public.crmkit_pair VALUES (1, 'ledger', 'Contacts', 'c1m85exefrk4qtbkhy', '4', 'c1m85exefrk4qtbkhy', 'linked', NULL, 1772355604000000, 1780311600000000, '{"name":[null],"email":["dan@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO public.crmkit_pair VALUES (1, 'ledger', 'Contacts', 'c1m85exefrb59jvxa1', '5', 'c1m85exefrb59jvxa1', 'linked', NULL, 1772355605000000, 1780311600000000, '{"name":["Bob Berg"],"email":["bob@example.com"],"phone":[null],"industry":[null],"owner":["lin"],"attributes.level":[null]}');
INSERT INTO public.crmkit_standing VALUES (1, 'c1m85exefr582h2skf', 1780311600000000, 4, 1.1652596887101108, -1.8046770471789222, -1.8046770471789222, 'base', 1780311600000000, 'development', 1780311600000000, 'ordinary', 'c1m85exefr582h2skf', NULL, 0, 1.375551, 20605, 1779966000000000, 15552000000000, 31536000000000, 1795518000000000, NULL);
INSERT INTO public.crmkit_standing VALUES (1, 'c1m85exefrb59jvxa1', 1780311600000000, 3, 10.41901848428217, 10.41901848428217, 10.41901848428217, 'base', 1780311600000000, 'development', 1780311600000000, 'potential', 'c1m85exefrb59jvxa1', 'lin', 0, 10.419018, 20605, 1779706800000000, 15552000000000, 31536000000000, 1795258800000000, '{"causes": [["purchase_recency", 5.71], ["purchase_frequency", 2.26], ["purchase_count", 1.54]]}');
INSERT INTO public.crmkit_standing VALUES (1, 'c1m85exefrdjnwkfeb', 1780311600000000, 2, 20.50830800571607, 14.524446612502517, 14.524446612502517, 'base', 1780311600000000, 'maintenance', 1780311600000000, 'potential', 'c1m85exefrdjnwkfeb', NULL, 9, 20.508308, 20605, NULL, 15552000000000, 31536000000000, 1726484400000000, '{"causes": [["purchase_recency", 9.82], ["purchase_frequency", 1.94], ["purchase_amount", 1.89]]}');
INSERT INTO public.crmkit_standing VALUES (1, 'c1m85exefrk4qtbkhy', 1780311600000000, 5, 0, 0, 0, 'base', 1780311600000000, 'prospect', 1780311600000000, 'ordinary', 'c1m85exefrk4qtbkhy', NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.crmkit_standing VALUES (1, 'c1m85exefrth143ew3', 1780311600000000, 1, 44.73687946939952, 16.75375446928192, 27.556609193067082, 'key', 1780311600000000, 'upgrade', 1780311600000000, 'value', 'c1m85exefrth143ew3', NULL, 9, 44.736879, 20605, NULL, 1209600000000, 2592000000000, 1759057200000000, '{"causes": [["promotion_loyalty", 7.06], ["surveys_answered", 5.88], ["referrals", 4.68]]}');
INSERT INTO public.crmkit_state VALUES (1, 'c1m85exefrdjnwkfeb', 34222221441369190, '\xcdccccccccffa3400267d1e2d6fcfa3f0030effbca4b19431f8e8544e2f095400030effbca4b194300b04c731b4c1943000000000000000000a138149b39dfc300a138149b39dfc3000000000000000000a138149b39dfc300a138149b39dfc36352e138c4c4f03f00000000000000000000000000000000000000000000000000a138149b39dfc300000000000000000000000000000000000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc30000000000000000000000000000000000a138149b39dfc30000000000000000', NULL, '\x00ccfbbef252060000cc751e8433060000ccef7d15140600', NULL, 1710932400000000, 1780138800000000, NULL, 1780138800000000, 1780311600000000);
INSERT INTO public.crmkit_state VALUES (1, 'c1m85exefr582h2skf', 34222221441369190, '\x0000000000002840000000000000f03f00b0758070ee1843000000000000284000b0758070ee184300b0758070ee1843000000000000000000a138149b39dfc300a138149b39dfc3000000000000000000a138149b39dfc300a138149b39dfc3000000000000f03f00000000000000000000000000000000000000000000000000a138149b39dfc300000000000000000000000000000000000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc30000000000000000000000000000f03f0030340d2a4b19430000000000000000', NULL, '\x006c1d209c3b0600', NULL, 1754391600000000, 1780311600000000, 1779966000000000, 1779966000000000, 1780311600000000);
INSERT INTO public.crmkit_state VALUES (1, 'c1m85exefrth143ew3', 34222221441369190, '\x00000000007a8a4073f3753493f91c4000b0b90e73461943bf562787d7a7844000b0b90e7346194300b0b90e73461943000000000000000000a138149b39dfc300a138149b39dfc3000000000000000000a138149b39dfc300a138149b39dfc32b61bc5a33f7104000000000000000000000000000000000000000000000000000a138149b39dfc3000000000000f03f000000000000f03f00000000000000000030be2fe8491943000000000000000000a138149b39dfc3000000000000f03f00b01ba7384a1943000000000000000000a138149b39dfc30000000000002340000000000000f03f0030be2fe84919430000000000000000', '\x80c484bbc18765ba002c7144414f060080c484bbc18765ba00ec33c5e54c060080c484bbc18765ba00acf6458a4a060080c484bbc18765ba006cb9c62e48060080c484bbc18765ba002c7c47d345060080c484bbc18765ba00ec3ec87743060080c484bbc18765ba00ac01491c41060080c484bbc18765ba006cc4c9c03e060080c484bbc18765ba006caec39c510600', '\x002c7144414f060000ec33c5e54c060000acf6458a4a0600006cb9c62e480600002c7c47d345060000ec3ec87743060000ac01491c410600006cc4c9c03e0600006caec39c510600', NULL, 1757847600000000, 1780311600000000, 1780311600000000, 1779620400000000, 1780311600000000);
INSERT INTO public.crmkit_state VALUES (1, 'c1m85exefrb59jvxa1', 34222221441369190, '\x9a9999999999b93f000000000000f03f00b0d695d94a19439a9999999999b93f00b0d695d94a194300b0d695d94a1943000000000000084000b0d695d94a194300b0d695d94a19439a9999999999a9bf00b0d695d94a194300b0d695d94a1943000000000000f03f00000000000000000000000000000000000000000000000000a138149b39dfc3000000000000f03f000000000000f03f000000000000000000b00762bc4c1943000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc30000000000002240000000000000f03f00b00762bc4c19430000000000000000', NULL, '\x00ac7565b6520600', NULL, 1779706800000000, 1780311600000000, 1780311600000000, 1780311600000000, 1780311600000000);
INSERT INTO public.crmkit_state VALUES (2, 'c1m85exf1t77m8jk5z', 34222221441369190, '\x0000000000006b40dc42e0642b1dff3f00b0062471041943ac1882c8b93f6a4000b006247104194300b0062471041943000000000000000000a138149b39dfc300a138149b39dfc3000000000000000000a138149b39dfc300a138149b39dfc31eb79e52ffb2fc3f00000000000000000000000000000000000000000000000000a138149b39dfc300000000000000000000000000000000000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc30000000000000000000000000000000000a138149b39dfc30000000000000000', '\x80c484bbc18765ba00ac01491c41060080c484bbc18765ba006cc4c9c03e0600', '\x00ac01491c410600006cc4c9c03e0600', NULL, 1757847600000000, 1760439600000000, NULL, 1760439600000000, 1780311600000000);
INSERT INTO public.crmkit_state VALUES (2, 'c1m85exf1t9bgw6ey8', 34222221441369190, '\x0000000000809b408e5d856f4d7cf73f0030effbca4b1943669cd68bd22e94400030effbca4b19430030effbca4b1943000000000000000000a138149b39dfc300a138149b39dfc3000000000000000000a138149b39dfc300a138149b39dfc33d10854220bcf03f00000000000000000000000000000000000000000000000000a138149b39dfc300000000000000000000000000000000000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc3000000000000000000a138149b39dfc30000000000000000000000000000000000a138149b39dfc30000000000000000', NULL, '\x00ccfbbef252060000cc751e84330600', NULL, 1745492400000000, 1780052400000000, NULL, 1780052400000000, 1780311600000000);
INSERT INTO public.crmkit_suppression VALUES (1, '1a0dafc57826f12626c5ddffa22cbab2f82d873a6be715bc6f1a9feead75f3af', NULL, 1780311600000000, 'it bounced: no such address', 'post');
INSERT INTO public.crmkit_sync_case VALUES (1, 'ledger', 'Contacts', 'quarantine', 'c1m85exezcc3fmzsxy', 'theirs', 'c1m85exezcc3fmzsxy', 1780311600000000, '8895a6b790a025150aa178e1ddf421', '{"at": "2026-06-01T11:00:00+00:00", "code": "INVALID", "connector": "ledger", "field": null, "key": "c1m85exezcc3fmzsxy", "object": "Contacts", "reason": "Name: this name is refused here", "side": "theirs"}');
INSERT INTO public.crmkit_sync_run VALUES (1, 'ledger', 1, 1780311600000000, 1780311600000000, '{"conflicts": 0, "connector": "ledger", "created": 5, "deleted": 0, "error": "", "finished": "2026-06-01T11:00:00+00:00", "quarantined": 1, "read": 0, "started": "2026-06-01T11:00:00+00:00", "stopped": "", "unchanged": 0, "updated": 0, "written": 5}');
INSERT INTO public.crmkit_tombstone VALUES (1, '9561c6028e65c674130587669892743e079e61aa370309cf2412155c0e6b4b1b', 1780311600000000);
INSERT INTO public.crmkit_tombstone VALUES (1, '1d3ee7e061ae940bc42ca0aebbbf2cec33bb43860d4b6dc8318cd58579930a3e', 1780311600000000);
INSERT INTO public.crmkit_touchpoint_2024 VALUES (1, 12, 'till', 'purchase-wang-803', 0, 'c1m85exefrdjnwkfeb', 'email:wang@example.com', 'purchase', 1710932400000000, 0, 1780311600000000, 1, '880.00', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 6, 'till', 'purchase-ann-170', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1765623600000000, 0, 1780311600000000, 1, '105.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 7, 'till', 'purchase-ann-200', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1763031600000000, 0, 1780311600000000, 1, '106.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 8, 'till', 'purchase-ann-230', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1760439600000000, 0, 1780311600000000, 1, '107.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 9, 'till', 'purchase-ann-260', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1757847600000000, 0, 1780311600000000, 1, '108.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 11, 'till', 'purchase-wang-403', 0, 'c1m85exefrdjnwkfeb', 'email:wang@example.com', 'purchase', 1745492400000000, 0, 1780311600000000, 1, '880.00', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (1, 18, 'till', 'purchase-cat-300', 0, 'c1m85exefr582h2skf', 'email:cat@example.com', 'purchase', 1754391600000000, 0, 1780311600000000, 1, '12', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (2, 1, 'till', 'purchase-ann-230', 0, 'c1m85exf1t77m8jk5z', 'email:ann@example.com', 'purchase', 1760439600000000, 0, 1780311600000000, 1, '107.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (2, 2, 'till', 'purchase-ann-260', 0, 'c1m85exf1t77m8jk5z', 'email:ann@example.com', 'purchase', 1757847600000000, 0, 1780311600000000, 1, '108.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2025 VALUES (2, 4, 'till', 'purchase-wang-403', 0, 'c1m85exf1t9bgw6ey8', 'email:wang@example.com', 'purchase', 1745492400000000, 0, 1780311600000000, 1, '880.00', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 1, 'till', 'purchase-ann-20', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1778583600000000, 0, 1780311600000000, 1, '100.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 2, 'till', 'purchase-ann-50', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1775991600000000, 0, 1780311600000000, 1, '101.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 3, 'till', 'purchase-ann-80', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1773399600000000, 0, 1780311600000000, 1, '102.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 4, 'till', 'purchase-ann-110', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1770807600000000, 0, 1780311600000000, 1, '103.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 5, 'till', 'purchase-ann-140', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1768215600000000, 0, 1780311600000000, 1, '104.50', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 10, 'till', 'purchase-wang-3', 0, 'c1m85exefrdjnwkfeb', 'email:wang@example.com', 'purchase', 1780052400000000, 0, 1780311600000000, 1, '880.00', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 13, 'till', 'return-wang-2', 0, 'c1m85exefrdjnwkfeb', 'email:wang@example.com', 'return', 1780138800000000, 0, 1780311600000000, 1, '-80.10', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', 'purchase-wang-3', NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 14, 'till', 'survey_answered-ann-9', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'survey_answered', 1779534000000000, 0, 1780311600000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 9.5, '好 🍵 “very” good', 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 15, 'till', 'referral-ann-8', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'referral', 1779620400000000, 0, 1780311600000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, '{"email":"bob@example.com"}', NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 16, 'till', 'visit-bob-7', 0, 'c1m85exefrb59jvxa1', 'email:bob@example.com', 'visit', 1779706800000000, 0, 1780311600000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, 'shop', 'in', NULL, NULL, 'captured', NULL, NULL, '{"shelf":3}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 17, 'till', 'purchase-bob-6', 0, 'c1m85exefrb59jvxa1', 'email:bob@example.com', 'purchase', 1779793200000000, 0, 1780311600000000, 1, '0.10', 'CNY', '-0.05', '3', NULL, 'cups', NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 19, 'till', 'complaint-cat-5', 0, 'c1m85exefr582h2skf', 'email:cat@example.com', 'complaint', 1779879600000000, 0, 1780311600000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'cold', 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 20, 'till', 'call-cats-4', 0, 'c1m85exefrv9dj1d52', 'email:cats@example.com', 'call', 1779966000000000, 0, 1780311600000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 21, 'till', 'purchase-dan-3', 0, 'c1m85exefrk4qtbkhy', 'email:dan@example.com', 'purchase', 1780052400000000, 0, 1780311600000000, 1, '5', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 30, 'wrong till', 'purchase-ann-1', 0, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1780225200000000, 0, 1780311600000000, 30, '99999', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 33, 'till', 'purchase-ann-20', 1, 'c1m85exefrth143ew3', 'email:ann@example.com', 'purchase', 1778583600000000, 0, 1780311600000000, -32, '7.25', 'CNY', NULL, NULL, 'tea', NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 59, 'agenda', 'c1m85exefrth143ew3:2025-09-28', 0, 'c1m85exefrth143ew3', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 59, NULL, NULL, NULL, NULL, NULL, NULL, 'email', NULL, NULL, 'called', 'typed', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 74, 'outreach', '70', 0, 'c1m85exefrth143ew3', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 74, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, NULL, 'captured', NULL, NULL, '{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 75, 'outreach', '71', 0, 'c1m85exefrb59jvxa1', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 74, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, NULL, 'captured', NULL, NULL, '{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 76, 'outreach', '73', 0, 'c1m85exefr582h2skf', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 74, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, NULL, 'captured', NULL, NULL, '{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 77, 'outreach', '73:bounced', 0, 'c1m85exefr582h2skf', NULL, 'note', 1780311600000000, 0, 1780311600000000, 77, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, 'bounced', 'captured', NULL, NULL, '{"machine":false,"message":"73","occasion":"tea 0","receipt":"bounced"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 78, 'outreach', 'reply:post:reply-1', 0, 'c1m85exefrb59jvxa1', NULL, 'message_in', 1780311600000000, 0, 1780311600000000, 77, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'in', NULL, 'thank you', 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 84, 'outreach', '80', 0, 'c1m85exefrth143ew3', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 84, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, NULL, 'captured', NULL, NULL, '{"automatic":true,"occasion":"tea 1","purpose":"care"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 85, 'outreach', '81', 0, 'c1m85exefrb59jvxa1', NULL, 'message_out', 1780311600000000, 0, 1780311600000000, 84, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'out', NULL, NULL, 'captured', NULL, NULL, '{"automatic":true,"occasion":"tea 1","purpose":"care"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (1, 90, 'survey', '89', 0, 'c1m85exefrb59jvxa1', NULL, 'survey_answered', 1780311600000000, 0, 1780311600000000, 90, NULL, NULL, NULL, NULL, NULL, NULL, 'post', 'in', 9, 'hot', 'captured', NULL, NULL, '{"occasion":"asked","score":9,"survey":"tea"}');
INSERT INTO public.crmkit_touchpoint_2026 VALUES (2, 3, 'till', 'purchase-wang-3', 0, 'c1m85exf1t9bgw6ey8', 'email:wang@example.com', 'purchase', 1780052400000000, 0, 1780311600000000, 1, '880.00', 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'captured', NULL, NULL, NULL);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-20', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-50', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-80', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-110', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-140', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-170', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-200', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-230', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-260', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-wang-3', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-wang-403', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-wang-803', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'return-wang-2', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'survey_answered-ann-9', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'referral-ann-8', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'visit-bob-7', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-bob-6', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-cat-300', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'complaint-cat-5', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'call-cats-4', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-dan-3', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'wrong till', 'purchase-ann-1', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'till', 'purchase-ann-20', 1);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'agenda', 'c1m85exefrth143ew3:2025-09-28', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '70', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '71', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '73', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '73:bounced', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', 'reply:post:reply-1', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '80', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'outreach', '81', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (1, 'survey', '89', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (2, 'till', 'purchase-ann-230', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (2, 'till', 'purchase-ann-260', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (2, 'till', 'purchase-wang-3', 0);
INSERT INTO public.crmkit_touchpoint_once VALUES (2, 'till', 'purchase-wang-403', 0);
INSERT INTO public.crmkit_void VALUES (1, 'c1m85exefrth143ew3', 30, 1780311600000000, 31);
INSERT INTO public.crmkit_void VALUES (1, 'c1m85exefrth143ew3', 1, 1780311600000000, 32);
INSERT INTO public.crmkit_void VALUES (1, 'c1m85exefrk4qtbkhy', 21, 1780311600000000, 34);
INSERT INTO public.crmkit_workspace VALUES (1, 'default');
INSERT INTO public.crmkit_workspace VALUES (2, 'branch');
SELECT pg_catalog.setval('public.crmkit_workspace_id_seq', 2, true);
ALTER TABLE ONLY public.crmkit_collision
    ADD CONSTRAINT crmkit_collision_pkey PRIMARY KEY (workspace, id);
ALTER TABLE ONLY public.crmkit_customer
    ADD CONSTRAINT crmkit_customer_pkey PRIMARY KEY (workspace, id);
ALTER TABLE ONLY public.crmkit_decision
    ADD CONSTRAINT crmkit_decision_pkey PRIMARY KEY (workspace, seq);
ALTER TABLE ONLY public.crmkit_document
    ADD CONSTRAINT crmkit_document_pkey PRIMARY KEY (workspace, number);
ALTER TABLE ONLY public.crmkit_fact
    ADD CONSTRAINT crmkit_fact_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.crmkit_fed
    ADD CONSTRAINT crmkit_fed_pkey PRIMARY KEY (workspace, kind, recorded, at);
ALTER TABLE ONLY public.crmkit_identity
    ADD CONSTRAINT crmkit_identity_pkey PRIMARY KEY (workspace, system, value);
ALTER TABLE ONLY public.crmkit_message
    ADD CONSTRAINT crmkit_message_pkey PRIMARY KEY (workspace, customer, purpose, occasion, channel);
ALTER TABLE ONLY public.crmkit_meta
    ADD CONSTRAINT crmkit_meta_pkey PRIMARY KEY (workspace, name);
ALTER TABLE ONLY public.crmkit_pair
    ADD CONSTRAINT crmkit_pair_pkey PRIMARY KEY (workspace, connector, object, ours);
ALTER TABLE ONLY public.crmkit_standing
    ADD CONSTRAINT crmkit_standing_pkey PRIMARY KEY (workspace, customer);
ALTER TABLE ONLY public.crmkit_state
    ADD CONSTRAINT crmkit_state_pkey PRIMARY KEY (workspace, customer);
ALTER TABLE ONLY public.crmkit_suppression
    ADD CONSTRAINT crmkit_suppression_pkey PRIMARY KEY (workspace, hash);
ALTER TABLE ONLY public.crmkit_sync_case
    ADD CONSTRAINT crmkit_sync_case_pkey PRIMARY KEY (workspace, connector, object, what, key, field);
ALTER TABLE ONLY public.crmkit_sync_run
    ADD CONSTRAINT crmkit_sync_run_pkey PRIMARY KEY (workspace, connector, number);
ALTER TABLE ONLY public.crmkit_tombstone
    ADD CONSTRAINT crmkit_tombstone_pkey PRIMARY KEY (workspace, hash);
ALTER TABLE ONLY public.crmkit_touchpoint
    ADD CONSTRAINT crmkit_touchpoint_pkey PRIMARY KEY (workspace, seq, at);
ALTER TABLE ONLY public.crmkit_touchpoint_2024
    ADD CONSTRAINT crmkit_touchpoint_2024_pkey PRIMARY KEY (workspace, seq, at);
ALTER TABLE ONLY public.crmkit_touchpoint_2025
    ADD CONSTRAINT crmkit_touchpoint_2025_pkey PRIMARY KEY (workspace, seq, at);
ALTER TABLE ONLY public.crmkit_touchpoint_2026
    ADD CONSTRAINT crmkit_touchpoint_2026_pkey PRIMARY KEY (workspace, seq, at);
ALTER TABLE ONLY public.crmkit_touchpoint_once
    ADD CONSTRAINT crmkit_touchpoint_once_pkey PRIMARY KEY (workspace, source, id, rev);
ALTER TABLE ONLY public.crmkit_void
    ADD CONSTRAINT crmkit_void_pkey PRIMARY KEY (workspace, customer, touchpoint);
ALTER TABLE ONLY public.crmkit_workspace
    ADD CONSTRAINT crmkit_workspace_name_key UNIQUE (name);
ALTER TABLE ONLY public.crmkit_workspace
    ADD CONSTRAINT crmkit_workspace_pkey PRIMARY KEY (id);
CREATE INDEX crmkit_collision_holder ON public.crmkit_collision USING btree (workspace, holder, id);
CREATE INDEX crmkit_collision_other ON public.crmkit_collision USING btree (workspace, other, id);
CREATE INDEX crmkit_customer_number ON public.crmkit_customer USING btree (workspace, number NULLS FIRST, id);
CREATE INDEX crmkit_customer_owner_id ON public.crmkit_customer USING btree (workspace, owner NULLS FIRST, id);
CREATE INDEX crmkit_customer_parent ON public.crmkit_customer USING btree (workspace, parent NULLS FIRST, id);
CREATE INDEX crmkit_customer_root ON public.crmkit_customer USING btree (workspace, root, id);
CREATE INDEX crmkit_customer_seq ON public.crmkit_customer USING btree (workspace, seq, id);
CREATE INDEX crmkit_decision_customer_seq ON public.crmkit_decision USING btree (workspace, customer NULLS FIRST, seq);
CREATE INDEX crmkit_decision_kind_seq ON public.crmkit_decision USING btree (workspace, kind, seq);
CREATE INDEX crmkit_document_customer ON public.crmkit_document USING btree (workspace, customer NULLS FIRST, number);
CREATE INDEX crmkit_document_kind_due ON public.crmkit_document USING btree (workspace, kind, due NULLS FIRST, number);
CREATE INDEX crmkit_document_kind_owner ON public.crmkit_document USING btree (workspace, kind, owner NULLS FIRST, number);
CREATE INDEX crmkit_document_kind_state_number ON public.crmkit_document USING btree (workspace, kind, state, number);
CREATE INDEX crmkit_identity_customer ON public.crmkit_identity USING btree (workspace, customer NULLS FIRST, system, value);
CREATE INDEX crmkit_message_channel_provider ON public.crmkit_message USING btree (workspace, channel, provider NULLS FIRST, customer, purpose, occasion);
CREATE INDEX crmkit_message_channel_sent ON public.crmkit_message USING btree (workspace, channel, sent NULLS FIRST, customer, purpose, occasion);
CREATE INDEX crmkit_message_number ON public.crmkit_message USING btree (workspace, number, customer, purpose, occasion, channel);
CREATE INDEX crmkit_message_state_next ON public.crmkit_message USING btree (workspace, state, next NULLS FIRST, customer, purpose, occasion, channel);
CREATE INDEX crmkit_pair_connector_object_due ON public.crmkit_pair USING btree (workspace, connector, object, due NULLS FIRST, ours) WHERE (due IS NOT NULL);
CREATE INDEX crmkit_pair_connector_object_state ON public.crmkit_pair USING btree (workspace, connector, object, state, ours) WHERE (state <> 'linked'::text);
CREATE INDEX crmkit_pair_connector_object_theirs ON public.crmkit_pair USING btree (workspace, connector, object, theirs NULLS FIRST, ours);
CREATE INDEX crmkit_pair_customer ON public.crmkit_pair USING btree (workspace, customer NULLS FIRST, connector, object, ours);
CREATE INDEX crmkit_standing_due ON public.crmkit_standing USING btree (workspace, due NULLS FIRST, customer);
CREATE INDEX crmkit_standing_owner_queue_due ON public.crmkit_standing USING btree (workspace, owner NULLS FIRST, queue NULLS FIRST, due NULLS FIRST, customer);
CREATE INDEX crmkit_standing_owner_queue_weight ON public.crmkit_standing USING btree (workspace, owner NULLS FIRST, queue NULLS FIRST, weight, customer);
CREATE INDEX crmkit_standing_stage_customer ON public.crmkit_standing USING btree (workspace, stage NULLS FIRST, customer);
CREATE INDEX crmkit_standing_tier_rank ON public.crmkit_standing USING btree (workspace, tier NULLS FIRST, rank, customer);
CREATE INDEX crmkit_sync_case_customer ON public.crmkit_sync_case USING btree (workspace, customer NULLS FIRST, connector, object, what, key, field);
CREATE INDEX crmkit_touchpoint_at ON ONLY public.crmkit_touchpoint USING btree (workspace, at, seq);
CREATE INDEX crmkit_touchpoint_2024_workspace_at_seq_idx ON public.crmkit_touchpoint_2024 USING btree (workspace, at, seq);
CREATE INDEX crmkit_touchpoint_customer_at ON ONLY public.crmkit_touchpoint USING btree (workspace, customer, at, seq);
CREATE INDEX crmkit_touchpoint_2024_workspace_customer_at_seq_idx ON public.crmkit_touchpoint_2024 USING btree (workspace, customer, at, seq);
CREATE INDEX crmkit_touchpoint_key ON ONLY public.crmkit_touchpoint USING btree (workspace, source, id, rev);
CREATE INDEX crmkit_touchpoint_2024_workspace_source_id_rev_idx ON public.crmkit_touchpoint_2024 USING btree (workspace, source, id, rev);
CREATE INDEX crmkit_touchpoint_2025_workspace_at_seq_idx ON public.crmkit_touchpoint_2025 USING btree (workspace, at, seq);
CREATE INDEX crmkit_touchpoint_2025_workspace_customer_at_seq_idx ON public.crmkit_touchpoint_2025 USING btree (workspace, customer, at, seq);
CREATE INDEX crmkit_touchpoint_2025_workspace_source_id_rev_idx ON public.crmkit_touchpoint_2025 USING btree (workspace, source, id, rev);
CREATE INDEX crmkit_touchpoint_2026_workspace_at_seq_idx ON public.crmkit_touchpoint_2026 USING btree (workspace, at, seq);
CREATE INDEX crmkit_touchpoint_2026_workspace_customer_at_seq_idx ON public.crmkit_touchpoint_2026 USING btree (workspace, customer, at, seq);
CREATE INDEX crmkit_touchpoint_2026_workspace_source_id_rev_idx ON public.crmkit_touchpoint_2026 USING btree (workspace, source, id, rev);
ALTER INDEX public.crmkit_touchpoint_pkey ATTACH PARTITION public.crmkit_touchpoint_2024_pkey;
ALTER INDEX public.crmkit_touchpoint_at ATTACH PARTITION public.crmkit_touchpoint_2024_workspace_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_customer_at ATTACH PARTITION public.crmkit_touchpoint_2024_workspace_customer_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_key ATTACH PARTITION public.crmkit_touchpoint_2024_workspace_source_id_rev_idx;
ALTER INDEX public.crmkit_touchpoint_pkey ATTACH PARTITION public.crmkit_touchpoint_2025_pkey;
ALTER INDEX public.crmkit_touchpoint_at ATTACH PARTITION public.crmkit_touchpoint_2025_workspace_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_customer_at ATTACH PARTITION public.crmkit_touchpoint_2025_workspace_customer_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_key ATTACH PARTITION public.crmkit_touchpoint_2025_workspace_source_id_rev_idx;
ALTER INDEX public.crmkit_touchpoint_pkey ATTACH PARTITION public.crmkit_touchpoint_2026_pkey;
ALTER INDEX public.crmkit_touchpoint_at ATTACH PARTITION public.crmkit_touchpoint_2026_workspace_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_customer_at ATTACH PARTITION public.crmkit_touchpoint_2026_workspace_customer_at_seq_idx;
ALTER INDEX public.crmkit_touchpoint_key ATTACH PARTITION public.crmkit_touchpoint_2026_workspace_source_id_rev_idx;
