using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Functions.Http;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class HttpFailuresTests
{
    [Fact]
    public async Task Invoke_HttpFunctionThatThrows_AnswersWithAProblemAndFails()
    {
        var http = new DefaultHttpContext();
        using var body = new MemoryStream();
        http.Response.Body = body;
        var context = new Context(http);

        await Assert.ThrowsAsync<TimeoutException>(() => new HttpFailures().Invoke(context, _ => throw new TimeoutException("/secret/path")));

        Assert.Equal((500, Problem.ContentType), (http.Response.StatusCode, http.Response.ContentType));
        Assert.Equal("nosniff", http.Response.Headers.XContentTypeOptions);
        using var problem = JsonDocument.Parse(body.ToArray());
        Assert.Equal("internal_error", problem.RootElement.GetProperty("code").GetString());
        var detail = problem.RootElement.GetProperty("detail").GetString();
        Assert.Contains("invocation-7", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_BodyThatEndsEarly_IsTheCallersFault()
    {
        var http = new DefaultHttpContext();
        using var body = new MemoryStream();
        http.Response.Body = body;

        await new HttpFailures().Invoke(new Context(http), _ => throw new BadHttpRequestException("Unexpected end.", 400));

        Assert.Equal((400, Problem.ContentType), (http.Response.StatusCode, http.Response.ContentType));
        using var problem = JsonDocument.Parse(body.ToArray());
        Assert.Equal("body_incomplete", problem.RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Invoke_OtherFunctionThatThrows_Fails() =>
        await Assert.ThrowsAsync<TimeoutException>(() => new HttpFailures().Invoke(new Context(http: null), _ => throw new TimeoutException()));

    [Fact]
    public async Task Invoke_CallerWhoLeft_IsNotAnswered()
    {
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => new HttpFailures().Invoke(new Context(http), _ => throw new OperationCanceledException()));

        Assert.Equal(200, http.Response.StatusCode);
    }

    /// <summary>An invocation, by HTTP or not.</summary>
    private sealed class Context : FunctionContext
    {
        public Context(HttpContext? http)
        {
            if (http is not null)
            {
                Items["HttpRequestContext"] = http;
            }
        }

        public override string InvocationId => "invocation-7";

        public override string FunctionId => "function";

        public override TraceContext TraceContext => throw new NotSupportedException();

        public override BindingContext BindingContext => throw new NotSupportedException();

        public override RetryContext RetryContext => throw new NotSupportedException();

        public override IServiceProvider InstanceServices { get; set; } = null!;

        public override FunctionDefinition FunctionDefinition { get; } = new Definition();

        public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

        public override IInvocationFeatures Features => throw new NotSupportedException();
    }

    private sealed class Definition : FunctionDefinition
    {
        public override ImmutableArray<FunctionParameter> Parameters => [];

        public override string PathToAssembly => "";

        public override string EntryPoint => "";

        public override string Id => "function";

        public override string Name => "GetJob";

        public override IImmutableDictionary<string, BindingMetadata> InputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;
    }
}
