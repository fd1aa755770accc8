using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The description of the API, as tests ask it.</summary>
internal static class ApiDocument
{
    private static readonly JsonObject Document = JsonNode.Parse(OpenApiDocument.Utf8Json.Span)!.AsObject();

    private static readonly Dictionary<string, JsonSchema> Compiled = [];

    /// <summary>A schema of the document by its name.</summary>
    public static JsonNode Schema(string name) => Document["components"]!["schemas"]![name]!;

    /// <summary>Whether an operation needs no key.</summary>
    public static bool IsOpen(JsonObject operation) => operation["security"] is JsonArray { Count: 0 };

    /// <summary>Every operation.</summary>
    public static IEnumerable<(string Path, string Method, JsonObject Body)> Operations() => Document["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject().Select(method => (path.Key, method.Key, method.Value!.AsObject())));

    /// <summary>Asserts that an answer is one that the document has, in its form.</summary>
    public static void HasItsSchema(string operationId, string method, string path, int status, string? type, byte[] content)
    {
        var (written, spelled, body) = Operations().Single(operation => operation.Body["operationId"]!.GetValue<string>() == operationId);
        Assert.Equal(spelled, method);
        Assert.StartsWith(written.Split('{')[0].TrimEnd('/'), $"/{path}", StringComparison.Ordinal);
        var response = body["responses"]![status.ToString(CultureInfo.InvariantCulture)];
        Assert.True(response is not null, $"{method} {path}: the document has no answer {status}");
        if (response["content"] is null)
        {
            Assert.Empty(content);
            return;
        }

        Assert.True(type is not null, $"{method} {path}: {status} without a type");
        Assert.True(response["content"]!.AsObject().ContainsKey(type), $"{method} {path}: the document has no {type}");
        if (type is "application/json" or "application/problem+json" && response["content"]![type]!["schema"] is { } schema)
        {
            using var document = JsonDocument.Parse(content);
            var result = Compile(schema).Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
            Assert.True(result.IsValid, $"{method} {path}: {Encoding.UTF8.GetString(content)} {JsonSerializer.Serialize(result)}");
        }
    }

    /// <summary>A schema of the document, with those that it refers to.</summary>
    public static JsonSchema Compile(JsonNode schema)
    {
        var text = schema.ToJsonString();
        if (!Compiled.TryGetValue(text, out var compiled))
        {
            if (Compiled.Count == 0)
            {
                SchemaRegistry.Global.Register(JsonSchema.FromText(Encoding.UTF8.GetString(OpenApiDocument.ResultSchema.Span)));
            }

            var root = new JsonObject
            {
                ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
                ["$id"] = $"urn:test:{Compiled.Count}",
                ["allOf"] = new JsonArray(schema.DeepClone()),
                ["$defs"] = Document["components"]!["schemas"]!.DeepClone(),
            };
            var bundled = root.ToJsonString()
                .Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal)
                .Replace("schemas/detection-result.v1.schema.json", "urn:nanodet-serverless:detection-result:v1", StringComparison.Ordinal);
            Compiled[text] = compiled = JsonSchema.FromText(bundled);
        }

        return compiled;
    }
}
