using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>How far a worker is with its model.</summary>
public enum WarmModelState
{
    /// <summary>The first try is under way.</summary>
    [JsonStringEnumMemberName("loading")]
    Loading,

    /// <summary>It serves.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It does not serve; the status says why, and when it is tried again.</summary>
    [JsonStringEnumMemberName("notReady")]
    NotReady,
}
