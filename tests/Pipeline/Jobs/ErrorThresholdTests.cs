using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class ErrorThresholdTests
{
    [Theory]
    [InlineData("0", 0, 100, false)]
    [InlineData("0", 1, 100, true)]
    [InlineData("10", 10, 10, false)]
    [InlineData("10", 11, 1000000, true)]
    [InlineData("-1", 1000, 1000, false)]
    [InlineData("5%", 5, 100, false)]
    [InlineData("5%", 6, 100, true)]
    [InlineData("0.5%", 5, 1000, false)]
    [InlineData("0.5 %", 6, 1000, true)]
    [InlineData("0%", 0, 0, false)]
    [InlineData("0%", 1, 1000, true)]
    [InlineData("100%", 10, 10, false)]
    public void IsExceeded_Counts_Decide(string text, long failed, long processed, bool expected) =>
        Assert.Equal(expected, ErrorThreshold.Parse(text).IsExceeded(failed, processed));

    [Theory]
    [InlineData("")]
    [InlineData("many")]
    [InlineData("-2")]
    [InlineData("1.5")]
    [InlineData("101%")]
    [InlineData("-1%")]
    [InlineData("NaN")]
    [InlineData("1e3")]
    public void Parse_NoThreshold_IsRefused(string text) =>
        Assert.Equal(PipelineErrorCodes.InvalidRequest, Assert.Throws<PipelineException>(() => ErrorThreshold.Parse(text)).Code);

    [Theory]
    [InlineData("10", "10")]
    [InlineData("\"10\"", "10")]
    [InlineData("\"5%\"", "\"5%\"")]
    [InlineData("-1", "-1")]
    public void Request_Threshold_IsReadAndWritten(string json, string written)
    {
        var request = JobStore.ReadRequest(Encoding.UTF8.GetBytes($$"""{ "errorThreshold": {{json}} }"""));
        Assert.Contains($"\"errorThreshold\":{written}", JsonSerializer.Serialize(request, JobJson.Default.JobRequest));

        // The durable engine's own serializer has no source-generated context.
        Assert.Equal(request, JsonSerializer.Deserialize<JobRequest>(JsonSerializer.Serialize(request)));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("\"lots\"")]
    [InlineData("-7")]
    public void Request_NoThreshold_IsRefused(string json) => Assert.Throws<PipelineException>(
        () => JobStore.ReadRequest(Encoding.UTF8.GetBytes($$"""{ "errorThreshold": {{json}} }""")));
}
