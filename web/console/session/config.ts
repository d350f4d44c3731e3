/** Where officers sign in. The server knows; the built console has no address in it. */

export interface Config {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  end_session_endpoint: string | null;
  client_id: string;
  scope: string;
  /** The base URL of the API; empty for the console's own origin. */
  api: string;
}

/** Read the configuration. Raises when it cannot be read or is not one. */
export async function readConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  const response = await fetcher('/console/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  return configOf(await response.json());
}

/** Return a configuration from its JSON. Raises when a part is missing. */
export function configOf(json: unknown): Config {
  const given = json as Record<string, unknown>;
  const text = (name: string): string => {
    const value = given[name];
    if (typeof value !== 'string') throw new Error(`config.json: no ${name}`);
    return value;
  };
  return {
    issuer: text('issuer'),
    authorization_endpoint: text('authorization_endpoint'),
    token_endpoint: text('token_endpoint'),
    end_session_endpoint: given.end_session_endpoint ? text('end_session_endpoint') : null,
    client_id: text('client_id'),
    scope: text('scope'),
    api: text('api'),
  };
}
