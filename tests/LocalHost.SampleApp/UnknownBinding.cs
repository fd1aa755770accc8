using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;

namespace Nanodet.Serverless.LocalHost.SampleApp;

/// <summary>Adds a function that the local host must refuse, when the setting UnknownBinding asks for it.</summary>
internal sealed class UnknownBinding(IFunctionMetadataProvider inner) : IFunctionMetadataProvider
{
    public static void AddIfAsked(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("UnknownBinding") is null)
        {
            return;
        }

        var known = services.Last(service => service.ServiceType == typeof(IFunctionMetadataProvider));
        services.AddSingleton<IFunctionMetadataProvider>(provider => new UnknownBinding(
            (IFunctionMetadataProvider)ActivatorUtilities.CreateInstance(provider, known.ImplementationType!)));
    }

    public async Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) =>
    [
        .. await inner.GetFunctionMetadataAsync(directory),
        new DefaultFunctionMetadata
        {
            Name = "Telegram",
            EntryPoint = "Nanodet.Serverless.LocalHost.SampleApp.QueueFunctions.Copy",
            ScriptFile = Path.GetFileName(typeof(UnknownBinding).Assembly.Location),
            Language = "dotnet-isolated",
            RawBindings = ["""{"name":"wire","type":"telegraphTrigger","direction":"In"}"""],
        },
    ];
}
