using System.Text.Json;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

/// <summary>States as answers, manifests and histories of orchestrations have them.</summary>
public sealed class JobStateTests
{
    [Theory]
    [InlineData(JobState.Running, "running")]
    [InlineData(JobState.Completed, "completed")]
    [InlineData(JobState.Failed, "failed")]
    [InlineData(JobState.Cancelled, "cancelled")]
    [InlineData(JobState.Inconsistent, "inconsistent")]
    public void Json_State_IsItsNameInLowerCase(JobState state, string text)
    {
        Assert.Equal($"\"{text}\"", JsonSerializer.Serialize(state));
        Assert.Equal(state, JsonSerializer.Deserialize<JobState>($"\"{text}\""));
        Assert.Equal(text, JobStateConverter.Text(state));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"done\"")]
    public void Json_AnythingElse_IsRefused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<JobState>(json));
}
