using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>GET /api/models</c>.</summary>
/// <param name="Models">Every published model, the latest first.</param>
internal sealed record ModelList(IReadOnlyList<PublishedModel> Models);
