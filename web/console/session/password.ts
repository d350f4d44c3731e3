/** Whether somebody who comes back from the issuer has typed the password that a lock asks for. */

export type PasswordProblem = 'locked_meanwhile' | 'not_asked';

/**
 * Return what is wrong with a sign-in, null for nothing. All are times of the issuer in milliseconds
 * at which a password was typed: `due`, before the lock that there is now, null for none; `mark`, the
 * same when the sign-in began; `asked`, by the new token, null where the issuer does not say.
 */
export function passwordProblem(
  due: number | null,
  mark: number | null,
  asked: number | null,
): PasswordProblem | null {
  if (due === null) return null;
  if (mark === null || due > mark) return 'locked_meanwhile';
  // Where its tokens do not say, the issuer is trusted to have asked.
  return asked === null || asked > due ? null : 'not_asked';
}
