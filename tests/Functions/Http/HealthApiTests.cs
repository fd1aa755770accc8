using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Functions.Http;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Serving;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class HealthApiTests
{
    private static readonly AppIdentity Coordinator = new(AppRole.Coordinator);

    [Fact]
    public async Task GetDetails_Coordinator_IsReadyAndWritesEveryProperty()
    {
        var (response, body) = await AnswerAsync(new HealthApi(Coordinator).GetDetails);

        Assert.Equal((200, "application/json; charset=utf-8"), (response.StatusCode, response.ContentType));
        Assert.Equal("nosniff", response.Headers.XContentTypeOptions);
        Assert.Equal(
            $$"""{"live":true,"ready":true,"role":"Coordinator","version":{{JsonSerializer.Serialize(Coordinator.Version)}},"model":null"""
            + ""","provider":null,"fallbackReason":null,"code":null,"reason":null,"swapProblem":null,"modelLoads":0,"failedTries":0"""
            + ""","imagesComputed":0,"sinceUtc":null,"batching":null,"form":null,"runs":null,"shapes":[],"optimization":null,"jpeg":null}""",
            body);
    }

    [Fact]
    public async Task Get_Anybody_LearnsWhetherItTakesWorkAndNothingElse()
    {
        var (response, body) = await AnswerAsync(new HealthApi(Coordinator).Get);

        Assert.Equal((200, "nosniff"), (response.StatusCode, response.Headers.XContentTypeOptions.ToString()));
        Assert.Equal("""{"live":true,"ready":true,"code":null}""", body);
    }

    [Fact]
    public async Task Get_Head_HasTheHeadersAndNoBody()
    {
        var (response, body) = await AnswerAsync(new HealthApi(Coordinator).Get, HttpMethods.Head);

        Assert.Equal((200, "application/json; charset=utf-8", ""), (response.StatusCode, response.ContentType, body));
        Assert.True(response.ContentLength > 0);
    }

    [Theory]
    [InlineData(WarmModelState.Ready, true)]
    [InlineData(WarmModelState.Loading, false)]
    public void Report_Worker_IsReadyWithItsModel(WarmModelState state, bool ready)
    {
        var status = new WarmModelStatus
        {
            State = state,
            Code = "model_not_found",
            Reason = "There is none.",
            Provider = "CPU",
            FallbackReason = "No GPU.",
            SwapProblem = "It is broken.",
            Loads = 2,
            FailedTries = 3,
            Images = 4,
            SinceUtc = DateTimeOffset.UnixEpoch,
        };

        var report = HealthApi.Report(new AppIdentity(AppRole.Worker), status);

        Assert.Equal((true, ready, AppRole.Worker), (report.Live, report.Ready, report.Role));
        Assert.Equal((status.Code, status.Reason, status.Provider), (report.Code, report.Reason, report.Provider));
        Assert.Equal((status.FallbackReason, status.SwapProblem), (report.FallbackReason, report.SwapProblem));
        Assert.Equal((2, 3, 4L, DateTimeOffset.UnixEpoch), (report.ModelLoads, report.FailedTries, report.ImagesComputed, report.SinceUtc));
        Assert.Equal(JpegDecoding.Current, report.Jpeg);
    }

    private static async Task<(HttpResponse Response, string Body)> AnswerAsync(Func<HttpRequest, IResult> function, string method = "GET")
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Request.Method = method;
        context.Response.Body = body;
        await function(context.Request).ExecuteAsync(context);
        return (context.Response, Encoding.UTF8.GetString(body.ToArray()));
    }
}
