using Nanodet.Serverless.LocalHost.Functions;
using Nanodet.Serverless.LocalHost.Rpc;
using Nanodet.Serverless.LocalHost.Settings;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class FunctionDefinitionTests
{
    private const string Queue = """{"name":"in","type":"queueTrigger","direction":"In","queueName":"q"}""";

    [Theory]
    [InlineData("""{"name":"db","type":"cosmosDB","direction":"In"}""", "its binding 'db' is an input of type 'cosmosDB'")]
    [InlineData("""{"name":"$return","type":"signalR","direction":"Out"}""", "its binding '$return' is an output of type 'signalR'")]
    [InlineData("""{"name":"second","type":"blobTrigger","direction":"In"}""", "has 2 triggers")]
    public void Create_SomethingUnknown_IsRefusedByName(string binding, string expected)
    {
        var error = Assert.Throws<FunctionHostException>(() => Create([Queue, binding]));

        Assert.Equal("unsupported_binding", error.Code);
        Assert.Contains("Function 'F'", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_RetryPolicy_IsRefused()
    {
        var metadata = new RpcFunctionMetadata { Name = "F", RawBindings = { Queue }, RetryOptions = new RpcRetryOptions { MaxRetryCount = 3 } };

        var error = Assert.Throws<FunctionHostException>(() => FunctionDefinition.Create(metadata, Settings(), workerServesHttp: true));

        Assert.Contains("retry policy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_HttpTriggerWithoutAspNetCore_IsRefused()
    {
        var error = Assert.Throws<FunctionHostException>(
            () => Create(["""{"name":"req","type":"httpTrigger","direction":"In"}"""], workerServesHttp: false));

        Assert.Contains("without the ASP.NET Core integration", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_BindingsInAnyCase_AreSorted()
    {
        var function = Create(
        [
            """{"Name":"req","Type":"HTTPTRIGGER","Direction":"In","Route":"/a/{b}"}""",
            """{"name":"client","type":"DurableClient","direction":"in"}""",
            """{"name":"response","type":"http","direction":"out"}""",
            """{"name":"message","type":"queue","direction":"OUT","queueName":"q"}""",
        ]);

        Assert.Equal("api/a/{b}", function.Route);
        Assert.Equal("client", Assert.Single(function.Inputs).Name);
        Assert.Equal("message", Assert.Single(function.Outputs).Name);
    }

    private static FunctionDefinition Create(string[] bindings, bool workerServesHttp = true) =>
        FunctionDefinition.Create(new RpcFunctionMetadata { Name = "F", RawBindings = { bindings } }, Settings(), workerServesHttp);

    private static HostSettings Settings() => HostSettings.Load(
        Path.GetTempPath(), new FunctionHostOptions { AppDirectory = Path.GetTempPath(), StorageConnectionString = "storage" });
}
