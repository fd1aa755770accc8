using System.Text.Json;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>A page of <c>GET /api/results</c>.</summary>
/// <param name="Items">Result documents.</param>
/// <param name="Continuation">What the next call gives; null after the last result.</param>
internal sealed record AppResultPage(IReadOnlyList<JsonElement> Items, string? Continuation);
