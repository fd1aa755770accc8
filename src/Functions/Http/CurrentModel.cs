namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>POST /api/models/rollback</c>.</summary>
/// <param name="Name">Name of the model that is current now.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">SHA-256 of its ONNX file.</param>
/// <param name="Previous">What was current before, as <c>name/version</c>, or null.</param>
internal sealed record CurrentModel(string Name, string Version, string Sha256, string? Previous);
