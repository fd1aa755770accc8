using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Writes a <see cref="JobState"/> as its name in lower case, and reads nothing else.</summary>
public sealed class JobStateConverter() : JsonStringEnumConverter<JobState>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
{
    /// <summary>A state as JSON and messages have it.</summary>
    public static string Text(JobState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}
