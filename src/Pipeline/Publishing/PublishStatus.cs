using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>What became of a checkpoint. In JSON: the name in lower case.</summary>
[JsonConverter(typeof(PublishStatusConverter))]
public enum PublishStatus
{
    /// <summary>The model is published and current.</summary>
    Published,

    /// <summary>It was refused; what served before serves on.</summary>
    Refused,

    /// <summary>A blob was overwritten or removed meanwhile: what lies there now is looked at by itself. No report says so.</summary>
    Superseded,
}
