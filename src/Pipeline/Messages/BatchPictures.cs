using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Which pictures of detected images are stored. In JSON: <c>boxes</c>, <c>thumbnails</c> or <c>both</c>.</summary>
[JsonConverter(typeof(BatchPicturesConverter))]
public enum BatchPictures
{
    /// <summary>Of the image's size, with boxes and labels.</summary>
    Boxes,

    /// <summary>Small, without boxes.</summary>
    Thumbnails,

    /// <summary>Both.</summary>
    Both,
}
