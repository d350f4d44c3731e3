import { listed } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { Group, Row } from '../parts/lists.tsx';
import { APPOINT, officerPath, pathTo } from '../router.ts';
import { isOnlyProposed, type Officer } from './row.ts';
import { wordFor, words } from '../words.ts';
import { text } from './texts.ts';

/** Everybody who works here, and who is proposed. What awaits approval comes first. */
export function OfficerList() {
  const { api, names } = useDesk();
  const { loaded, again } = useLoaded(async () => {
    const read = await ok(api.GET('/v1/admin/officers'));
    names.know(read.items.filter(({ name }) => name));
    return read;
  }, 'officers');
  return (
    <>
      <p>{text().officers.two}</p>
      <p>
        <a class="button button--primary" href={pathTo(`admin/${APPOINT}`)}>
          {text().officers.appoint}
        </a>
      </p>
      <Waiting loaded={loaded} again={again}>
        {({ items }) => (
          <>
            <Officers name="waiting" officers={items.filter((each) => each.proposal !== null)} />
            <Officers name="active" officers={items.filter((each) => each.active)} />
            <Officers
              name="inactive"
              officers={items.filter((each) => !each.active && !isOnlyProposed(each))}
            />
          </>
        )}
      </Waiting>
    </>
  );
}

interface OfficersProps {
  name: 'waiting' | 'active' | 'inactive';
  officers: readonly Officer[];
}

function Officers({ name, officers }: OfficersProps) {
  const { names } = useDesk();
  const t = text().officers;
  return (
    <Group id={`officers-${name}`} title={t.groups[name]} items={officers} none={t.empty}>
      {(officer) => (
        <Row
          key={officer.username}
          to={officerPath(officer.username)}
          title={officer.name || officer.proposal?.row.name || officer.username}
        >
          <span>{officer.username}</span>
          {name === 'waiting' && officer.proposal ? (
            <span>{t.proposedBy(names.officer(officer.proposal.by), clock(officer.proposal.at))}</span>
          ) : (
            <>
              <span>{rolesInWords(officer)}</span>
              <span>
                {text().categoriesOf(scopeInWords(officer.categories, (code) => names.category(code)))}
              </span>
              <span>
                {text().districtsOf(scopeInWords(officer.districts, (code) => names.district(code)))}
              </span>
            </>
          )}
        </Row>
      )}
    </Group>
  );
}

export function rolesInWords(row: Pick<Officer, 'roles'>): string {
  return listed(row.roles.map((role) => words().roles[role])) || text().none;
}

/** Return codes by their names; `*` is all of them, now and later. */
export function scopeInWords(codes: readonly string[], name: (code: string) => string): string {
  if (codes.length === 0) return text().none;
  return listed(codes.map((code) => (code === '*' ? text().officers.everything : name(code))));
}

export function namedBy(names: Names, field: 'roles' | 'categories' | 'districts'): (code: string) => string {
  return (code) => {
    if (code === '*') return text().officers.everything;
    if (field === 'categories') return names.category(code);
    if (field === 'districts') return names.district(code);
    return wordFor(words().roles, code);
  };
}
