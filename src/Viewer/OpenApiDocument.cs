namespace Nanodet.Serverless.Viewer;

/// <summary>The description of the API: OpenAPI 3.1, with the schema of results beside it.</summary>
public static class OpenApiDocument
{
    /// <summary>The document, UTF-8 JSON.</summary>
    public static ReadOnlyMemory<byte> Utf8Json { get; } = Resource.Read("openapi.json");

    /// <summary>The schema of a result, which the document refers to by <c>detection-result.v1.schema.json</c>.</summary>
    public static ReadOnlyMemory<byte> ResultSchema { get; } = Resource.Read("detection-result.v1.schema.json");
}
