namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>Who may do what where.</summary>
/// <param name="Principal">An identity's name without the deployment's token, or a principal id.</param>
/// <param name="Scope">
/// The resource, from its type on and without the deployment's token, such as
/// <c>Microsoft.Storage/storageAccounts/st/queueServices/default/queues/batches</c>.
/// </param>
/// <param name="Role">The id of the role.</param>
public sealed record RoleAssignment(string Principal, string Scope, string Role);
