namespace Nanodet.Serverless.Functions.Http;

/// <summary>Problem details of RFC 9457 with a stable code.</summary>
/// <param name="Type">A URN made of the code.</param>
/// <param name="Title">The kind of error.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was expected and what was found.</param>
/// <param name="Code">Stable: programs may decide by it.</param>
public sealed record ProblemDocument(string Type, string Title, int Status, string Detail, string Code);
