using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Writes a <see cref="BatchPictures"/> as its name in lower case, and reads nothing else.</summary>
internal sealed class BatchPicturesConverter()
    : JsonStringEnumConverter<BatchPictures>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
