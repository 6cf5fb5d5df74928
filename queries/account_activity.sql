-- People who were seen in the 30 days up to the newest sign of life, and that sign of life.
with newest as (
  select max(last_seen_at) as seen_at from 'data/people.csv'
)
select
  account_id,
  count(*) filter (where last_seen_at > seen_at - interval 30 days) as active_people,
  max(last_seen_at) as last_activity
from 'data/people.csv', newest
group by account_id
order by account_id
