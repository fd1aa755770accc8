using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet models</c>.</summary>
/// <param name="Models">The published models, the latest first.</param>
internal sealed record ModelsReport(IReadOnlyList<PublishedModel> Models);
