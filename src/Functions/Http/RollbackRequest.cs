using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>The body of <c>POST /api/models/rollback</c>.</summary>
/// <param name="Model">The model as <c>name/version</c>; null for the one that was current before.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RollbackRequest(string? Model);
