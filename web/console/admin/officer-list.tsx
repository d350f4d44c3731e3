import { listed } from '../../shared/language.ts';
import { clock } from '../../shared/time.ts';
import { useDesk } from '../desk.ts';
import type { Names } from '../names.ts';
import { ok, useLoaded, Waiting } from '../parts/asking.tsx';
import { APPOINT, officerPath, pathTo } from '../router.ts';
import { isOnlyProposed, type Officer, type Row } from './row.ts';
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
            <Group name="waiting" officers={items.filter((each) => each.proposal !== null)} />
            <Group name="active" officers={items.filter((each) => each.active)} />
            <Group
              name="inactive"
              officers={items.filter((each) => !each.active && !isOnlyProposed(each))}
            />
          </>
        )}
      </Waiting>
    </>
  );
}

interface GroupProps {
  name: 'waiting' | 'active' | 'inactive';
  officers: readonly Officer[];
}

function Group({ name, officers }: GroupProps) {
  const { names } = useDesk();
  return (
    <section aria-labelledby={`officers-${name}`}>
      <h2 id={`officers-${name}`}>
        {text().officers.groups[name]} <span class="count">{officers.length}</span>
      </h2>
      {officers.length === 0 && <p class="muted">{text().officers.empty}</p>}
      {officers.length > 0 && (
        <ul class="rows">
          {officers.map((officer) => (
            <li class="rows__one" key={officer.username}>
              <a class="rows__title" href={officerPath(officer.username)}>
                {officer.name || officer.proposal?.row.name || officer.username}
              </a>
              <p class="rows__facts">
                <span>{officer.username}</span>
                {name === 'waiting' && officer.proposal ? (
                  <span>{text().officers.proposedBy(names.officer(officer.proposal.by), clock(officer.proposal.at))}</span>
                ) : (
                  <>
                    <span>{rolesInWords(officer)}</span>
                    <span>
                      {text().categoriesOf(
                        scopeInWords(officer.categories, (code) => names.category(code)),
                      )}
                    </span>
                    <span>
                      {text().districtsOf(
                        scopeInWords(officer.districts, (code) => names.district(code)),
                      )}
                    </span>
                  </>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function rolesInWords(row: Pick<Row, 'roles'>): string {
  return listed(row.roles.map((role) => text().roles[role])) || text().none;
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
    return text().roles[code as keyof ReturnType<typeof text>['roles']] ?? code;
  };
}
