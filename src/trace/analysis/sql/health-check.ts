/** What load balancers, monitors and IIS itself call themselves. Anybody can, so this proves nothing against a caller. */
export const IS_CHECK =
  "coalesce(regexp_like(lower(user_agent), 'health-?check|^kube-probe/|^iis application initialization'), false)";
