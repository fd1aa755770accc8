using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>Writes a <see cref="PublishStatus"/> as its name in lower case, and reads nothing else.</summary>
public sealed class PublishStatusConverter()
    : JsonStringEnumConverter<PublishStatus>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
