/**
 * The words of which Intercom's error messages consist, as far as they are documented or were recorded (FACTS 3, 4, 5;
 * the examples of the OpenAPI description), and what such messages commonly consist of. None says anything of a row.
 */
export const errorWords: ReadonlySet<string> = new Set(
  `a about absolute accept accepted access account action active add added admin after again all allow allowed already
  also an and another any api app archive archived archiving are array as associated at attach attached attribute
  attributes author authorized available bad be been before belong belongs between blank body boolean both but by call
  can can't cannot change changed character characters check combination companies company company_id conflict contact
  contact's contacts contain contained contains conversation conversations convert converted could couldn't count create
  created creating creation custom custom_attributes customer data date deactivated default delete deleted deleting
  deletion dependent detach detached details did didn't different do document does doesn't don't due duplicate duplicated
  each either email empty enabled encoding entity error errors event exactly exceed exceeded exceeds exist existing
  exists expected external external_id failed feature field fields find float for format forbidden found from full
  further given greater had has have header hide id identical identifier identifiers if ignored in inactive incorrect
  integer intercom internal into invalid is isn't it its json key label last lead leads least less limit list lists
  long longer lookup main malformed many match matched matches matching maximum may member merge merged merging message
  method minimum missing model modified more most multiple must name named names need needed new no non not nothing null
  number numbers object objects of off on once one only option options or other out over own owner owner_id
  page parameter parameters parse part path pending permanent permanently permission permitted phone plan please present
  prevented process property provide provided query rate reached read received record records reference refused
  related remove removed request requested requests required reserved resource resources restorable restore restored role
  same scheduled schema scope search see segment segments send sent server set short should signed single size some specified
  string strings subscription subset such supplied support supported syntax system tag tagged tags take taken teammate
  text than that the their them then there these they this those time timed timestamp to token too try twice type types
  unable unarchive undefined under unexpected unique unix unknown unprocessable unsupported until untag up update updated
  updating url use used user user_id user's users using valid validation value values version was we were when
  which while whole will with within without workspace write wrong you your zero
  0 1 2 10 25 50 60 100 150 190 250 255 400 401 403 404 409 422 429 500 1000`
    .trim()
    .split(/\s+/),
)
