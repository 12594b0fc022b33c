"""A worker in this process, as a driver has it, whose runner is lost while it starts a bundle: prints its answer."""

from collections.abc import Iterator

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.sdk_worker import SdkHarness
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

from pipelines.runners.failures import keep_to_ourselves


class LostRunner(beam_fn_api_pb2_grpc.BeamFnControlServicer):
    """Asks for one bundle, of which it can tell nothing any more."""

    def Control(  # noqa: N802 - Beam's name
        self, responses: Iterator[beam_fn_api_pb2.InstructionResponse], _: grpc.ServicerContext
    ) -> Iterator[beam_fn_api_pb2.InstructionRequest]:
        """The bundle; then it takes the answer."""
        bundle = beam_fn_api_pb2.ProcessBundleRequest(process_bundle_descriptor_id="x")
        yield beam_fn_api_pb2.InstructionRequest(instruction_id="1", process_bundle=bundle)
        print(next(responses).error)

    def GetProcessBundleDescriptor(  # noqa: N802 - Beam's name
        self, _: beam_fn_api_pb2.GetProcessBundleDescriptorRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.ProcessBundleDescriptor:
        """As what a call to a process that was killed ends with."""
        context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


if __name__ == "__main__":
    keep_to_ourselves()
    server = grpc.server(shared_unbounded_instance())
    beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(LostRunner(), server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    SdkHarness(f"localhost:{port}", worker_id="x").run()
    server.stop(grace=1).wait()
